using System.Globalization;

namespace Marrow;

/// <summary>
/// Numbers as a person reads them, the same in the terminal, in pages and in messages, whatever the system's language.
/// What a program reads (CSV, JSON) is written where the format is.
/// </summary>
public static class NumberText
{
    /// <summary>What stands in place of a number that there is not.</summary>
    public const string None = "-";

    /// <summary>In the given .NET format: "0.0", "0.###".</summary>
    public static string Of(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>In the given format; "-" for what is no finite number.</summary>
    internal static string OrNone(double? value, string format) =>
        value is { } number && double.IsFinite(number) ? Of(number, format) : None;

    /// <summary>"1234".</summary>
    internal static string Whole(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>"1,234".</summary>
    internal static string Grouped(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>Four significant digits: "0.1235", "12.35".</summary>
    public static string Significant(double value) => Of(value, "G4");

    /// <summary>A share of 0 to 1 as "12.3 %".</summary>
    internal static string Percent(double share) => $"{Of(share * 100, "0.0")} %";

    /// <summary>"12.3°".</summary>
    public static string Degrees(double value) => $"{Of(value, "F1")}°";

    /// <summary>Bytes in MiB without the unit: "1.5".</summary>
    public static string MiB(double bytes) => Of(bytes / (1 << 20), "0.0");

    /// <summary>"1 seed", "3 seeds".</summary>
    public static string Count(long count, string thing) => $"{Whole(count)} {thing}{(count == 1 ? "" : "s")}";

    /// <summary>A time as a clock shows it: "0:07", "4:10", "1:02:03".</summary>
    public static string Clock(TimeSpan time) =>
        time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
}

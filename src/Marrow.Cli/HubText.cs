using System.Globalization;

namespace Marrow.Cli;

/// <summary>How the hub's commands write digests, dates, sizes and numbers.</summary>
internal static class HubText
{
    private const int DigitsShown = 12;

    /// <summary>The first digits of "sha256:..." or of bare ones.</summary>
    public static string Digits(string digest)
    {
        var hex = digest.StartsWith("sha256:", StringComparison.Ordinal) ? digest["sha256:".Length..] : digest;
        return hex.Length > DigitsShown ? hex[..DigitsShown] : hex;
    }

    public static string MiB(double bytes) => Number(bytes / (1 << 20), "0.0");
    public static string Date(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace Marrow.Cli;

/// <summary>How the hub's commands write dates, sizes and numbers.</summary>
internal static class HubText
{
    public static string MiB(double bytes) => Number(bytes / (1 << 20), "0.0");
    public static string Date(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

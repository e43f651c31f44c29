using System.Globalization;

namespace Marrow.Cli;

/// <summary>How the hub's commands write dates.</summary>
internal static class HubText
{
    public static string Date(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
}

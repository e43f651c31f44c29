using System.Globalization;

namespace Marrow.Cli;

/// <summary>How the hub's commands write digests, dates, sizes and numbers.</summary>
internal static class HubText
{
    private const int DigitsShown = 12;

    public static long Bytes(string path) => File.Exists(path)
        ? new FileInfo(path).Length
        : new DirectoryInfo(path).EnumerateFiles().Sum(file => file.Length);

    public static string Digits(string digest) => digest.StartsWith("sha256:", StringComparison.Ordinal) && digest.Length > 7 + DigitsShown ? digest[7..(7 + DigitsShown)] : digest;
    public static string Date(DateTimeOffset time) => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    public static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

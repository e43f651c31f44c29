using System.Text;

namespace Marrow.Datasets;

/// <summary>
/// How the cells of a table are set apart. RFC 4180 has commas; spreadsheets write semicolons where the comma is the
/// decimal mark, and tabs when text is copied, and a first line "sep=;" that says so. What the first record has most of
/// outside its quotes is tried first, and the table must come out with rows of one length.
/// </summary>
/// <param name="SkippedLines">The number of lines "sep=;" before the table.</param>
internal readonly record struct CsvDialect(char Separator, int SkippedLines = 0)
{
    private const int LongestFirstRecord = 1 << 20; // characters
    private static readonly char[] Known = [',', ';', '\t'];

    /// <summary>Returns the dialects to try, in this order; the last one has commas.</summary>
    /// <param name="hasHeader">
    /// True when the first line is a header. It has no decimal commas, so its separators can be counted.
    /// </param>
    public static IReadOnlyList<CsvDialect> Candidates(TextReader text, bool hasHeader)
    {
        var first = FirstRecord(text);
        var said = first.Trim('"', '\r', ' ');
        if (said.Length == 5 && said.StartsWith("sep=", StringComparison.OrdinalIgnoreCase))
            return [new(said[4], SkippedLines: 1)];
        var counts = Known
            .Select(separator => (Separator: separator, Count: Count(first, separator)))
            .Where(c => c.Count > 0)
            .ToList();
        // Without a header the numbers of the first row may have decimal commas, as many as there are semicolons or
        // more.
        var order = hasHeader
            ? counts.OrderByDescending(c => c.Count).ToList()
            : [.. counts.OrderByDescending(c => Array.IndexOf(Known, c.Separator))];
        return order.Count == 0 ? [new(',')] : [.. order.Select(c => new CsvDialect(c.Separator))];
    }

    /// <summary>The separator in words, such as "semicolons".</summary>
    public string Name => Separator switch
    {
        ',' => "commas",
        ';' => "semicolons",
        '\t' => "tabs",
        _ => $"'{Separator}'",
    };

    private static int Count(string record, char separator)
    {
        var (count, quoted) = (0, false);
        foreach (var c in record)
        {
            if (c == '"')
                quoted = !quoted;
            else if (c == separator && !quoted)
                count++;
        }
        return count;
    }

    /// <summary>Returns the first line with text, including the lines over which its quoted cells extend.</summary>
    private static string FirstRecord(TextReader text)
    {
        var record = new StringBuilder();
        var quoted = false;
        for (var c = text.Read(); c >= 0 && record.Length < LongestFirstRecord; c = text.Read())
        {
            if (c is '\n' or '\r' && !quoted)
            {
                if (record.Length > 0)
                    break;
                continue;
            }
            quoted ^= c == '"';
            record.Append((char)c);
        }
        return record.ToString();
    }
}

using System.Globalization;
using System.Text;
using CsvHelper;

namespace Marrow.Datasets;

/// <summary>One record and the line it starts on, from 1.</summary>
internal readonly record struct CsvRow(long Line, string[] Fields);

/// <summary>
/// A CSV file (RFC 4180) in memory, with errors that name file, line and column. UTF-8, or UTF-16 with a byte order
/// mark; anything else is refused rather than guessed.
/// </summary>
internal sealed class CsvTable
{
    private const int MaxRecordBytes = 1 << 20;
    private const long MaxBytes = 1L << 30; // CheXpert's 223,414 rows have 40 MB

    public string Path { get; }

    /// <summary>Column names; empty for a file without a header line.</summary>
    public IReadOnlyList<string> Header { get; }

    public IReadOnlyList<CsvRow> Rows { get; }

    private CsvTable(string path, IReadOnlyList<string> header, IReadOnlyList<CsvRow> rows) => (Path, Header, Rows) = (path, header, rows);

    /// <summary>The other way: what <see cref="Read"/> gives back, a line a row. Cells with a comma, a quote or a line break are quoted.</summary>
    public static string Text(IEnumerable<string> header, IEnumerable<IEnumerable<string>> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows.Prepend(header))
            text.AppendJoin(',', row.Select(Quote)).Append('\n');
        return text.ToString();

        static string Quote(string cell) => cell.AsSpan().ContainsAny(",\"\n\r") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
    }

    /// <summary>Text that a spreadsheet would run as a formula gets an apostrophe before it, as spreadsheets themselves mark text.</summary>
    public static string TextCell(string text) => text.Length > 0 && "=+-@\t\r\n＝＋－＠".Contains(text[0]) ? "'" + text : text;

    /// <summary>Throws <see cref="MarrowException"/> when the file is absent, not text, or has rows of unequal length.</summary>
    public static CsvTable Read(string path, bool hasHeader)
    {
        var rows = new List<CsvRow>();
        var options = new CsvReaderOptions
        {
            HasHeader = false,
            Separator = ',',
            TrimWhitespace = true,
            AllowLineBreaksInQuotes = false, // Neither paths nor labels have any, and an unclosed quote is found where it is.
            MalformedData = CsvMalformedDataHandling.Throw,
            MaxRecordSize = MaxRecordBytes,
            TrackLineNumbers = true,
        };
        try
        {
            using var text = InputFile.OpenText(path, MaxBytes, new UTF8Encoding(false, throwOnInvalidBytes: true));
            using var reader = CsvReader.Create(text, options, leaveOpen: true);
            while (reader.Read())
            {
                var fields = new string[reader.FieldCount];
                for (var i = 0; i < fields.Length; i++)
                    fields[i] = reader.GetString(i);
                if (fields.Any(field => field.Contains('\0')))
                    throw MarrowException.Bad($"{path}, line {reader.LineNumber}", "text", "zero bytes", "Save the file as UTF-8.");
                if (rows.Count > 0 && fields.Length != rows[0].Fields.Length)
                    throw MarrowException.Bad($"{path}, line {reader.LineNumber}", $"{rows[0].Fields.Length} columns as in the first line", $"{fields.Length}", "Correct the line; a field with commas needs quotes.");
                rows.Add(new CsvRow(reader.LineNumber, fields));
            }
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw MarrowException.Bad(path, "a CSV file", "no file of that name", "Check the data set's folder.", e);
        }
        catch (DecoderFallbackException e)
        {
            throw MarrowException.Bad(path, "UTF-8 text", "bytes of another encoding", "Save the file as UTF-8.", e);
        }
        catch (CsvFormatException e)
        {
            throw new MarrowException($"{path}, line {e.LineNumber}: not a line of CSV ({e.Message}). Check its quotes: a quote within a field is doubled, and the field quoted.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check the file and its permissions.", e);
        }
        if (rows.Count == (hasHeader ? 1 : 0) || rows.Count == 0)
            throw MarrowException.Bad(path, "rows of data", rows.Count == 0 ? "an empty file" : "a header alone", "Check the file.");
        if (!hasHeader)
            return new CsvTable(path, [], rows);
        if (rows[0].Fields.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Key.Length > 0 && g.Count() > 1) is { } twice)
            throw MarrowException.Bad(path, "each column once", $"\"{twice.Key}\" twice", "Rename one of them.");
        return new CsvTable(path, rows[0].Fields, rows[1..]);
    }

    /// <summary>Index of a column, whatever its case; -1 when there is none.</summary>
    public int Find(string name)
    {
        for (var i = 0; i < Header.Count; i++)
        {
            if (string.Equals(Header[i], name, StringComparison.OrdinalIgnoreCase))
                return i;
        }
        return -1;
    }

    /// <summary>As <see cref="Find"/>, but throws and lists the columns when there is none.</summary>
    public int Column(string name)
    {
        var index = Find(name);
        return index >= 0 ? index : throw MarrowException.Bad(Path, $"a column \"{name}\"", $"the columns {string.Join(", ", Header)}", "Name the column in the recipe or correct the file.");
    }

    /// <summary>A finite number; NaN for an empty cell when <paramref name="blank"/> allows it.</summary>
    public double Number(CsvRow row, int column, bool blank = false)
    {
        var text = row.Fields[column];
        if (blank && text.Length == 0)
            return double.NaN;
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value))
            return value;
        throw Bad(row, column, "a number", "Correct the cell; decimals take a point.");
    }

    /// <summary>The error for one cell.</summary>
    public MarrowException Bad(CsvRow row, int column, string expected, string remedy)
    {
        var name = Header.Count > 0 ? $"\"{Header[column]}\"" : $"{column + 1}";
        var text = row.Fields[column];
        return MarrowException.Bad($"{Path}, line {row.Line}, column {name}", expected, text.Length > 60 ? $"\"{text[..60]}...\"" : $"\"{text}\"", remedy);
    }
}

using System.Globalization;
using System.Text;
using CsvHelper;

namespace Marrow.Datasets;

/// <summary>One record, and the number of the line on which it starts, counted from 1.</summary>
internal readonly record struct CsvRow(long Line, string[] Fields);

/// <summary>
/// A CSV file (RFC 4180) in memory, with errors that name file, line and column. UTF-8, or UTF-16 with a byte order
/// mark; anything else is refused rather than guessed.
/// </summary>
internal sealed class CsvTable
{
    private const int MaxRecordBytes = 1 << 20;
    private const long MaxBytes = 1L << 30; // CheXpert's 223,414 rows have 40 MB

    private readonly CsvDialect _dialect;
    private readonly Dictionary<int, DecimalMark> _marks = [];

    public string Path { get; }

    /// <summary>The names of the columns; empty for a file without a header line.</summary>
    public IReadOnlyList<string> Header { get; }

    public IReadOnlyList<CsvRow> Rows { get; }

    /// <summary>
    /// Sentences about how the file was read where that differs from RFC 4180, for those who check the data. They are
    /// complete once the numbers are read.
    /// </summary>
    public IReadOnlyList<string> Notes
    {
        get
        {
            var name = System.IO.Path.GetFileName(Path);
            var notes = new List<string>();
            if (_dialect.Separator != ',')
                notes.Add($"{name}: columns are separated by {_dialect.Name}");
            if (_encoding.Length > 0)
                notes.Add($"{name}: {_encoding}");
            var commas = _marks.Where(m => m.Value == DecimalMark.Comma).Select(m => Name(m.Key)).ToList();
            if (commas.Count > 0)
                notes.Add($"{name}: the comma is the decimal mark of {SomeText.List(commas)}");
            return notes;
        }
    }

    private readonly string _encoding;

    private CsvTable(
        string path,
        IReadOnlyList<string> header,
        IReadOnlyList<CsvRow> rows,
        CsvDialect dialect,
        string encoding
    ) => (Path, Header, Rows, _dialect, _encoding) = (path, header, rows, dialect, encoding);

    /// <summary>
    /// Writes a table that <see cref="Read"/> can read, with one line for each row. Cells with a comma, a quote or a
    /// line break are quoted.
    /// </summary>
    public static string Text(IEnumerable<string> header, IEnumerable<IEnumerable<string>> rows)
    {
        var text = new StringBuilder();
        foreach (var row in rows.Prepend(header))
            text.AppendJoin(',', row.Select(Quote)).Append('\n');
        return text.ToString();

        static string Quote(string cell) =>
            cell.AsSpan().ContainsAny(",\"\n\r") ? $"\"{cell.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : cell;
    }

    /// <summary>
    /// Puts an apostrophe before text that a spreadsheet would run as a formula, which is how spreadsheets themselves
    /// mark text.
    /// </summary>
    public static string TextCell(string text) =>
        text.Length > 0 && "=+-@\t\r\n＝＋－＠".Contains(text[0]) ? "'" + text : text;

    /// <summary>
    /// Reads a table. Throws <see cref="MarrowException"/> when the file is missing, is not text, or has rows of
    /// unequal length.
    /// </summary>
    public static CsvTable Read(string path, bool hasHeader)
    {
        try
        {
            IReadOnlyList<CsvDialect> candidates;
            using (var text = Text(path))
                candidates = CsvDialect.Candidates(text, hasHeader);
            MarrowException? first = null;
            foreach (var dialect in candidates)
            {
                try
                {
                    using var text = Text(path);
                    var rows = ReadRows(path, text, dialect);
                    return Of(
                        path,
                        hasHeader,
                        rows,
                        dialect,
                        text.CurrentEncoding is UTF8Encoding ? "" : text.CurrentEncoding.WebName.ToUpperInvariant());
                }
                catch (MarrowException e)
                {
                    first ??= e;
                }
            }
            throw first!;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw MarrowException.Bad(path, "a CSV file", "no file of that name", "Check the data set's folder.", e);
        }
        catch (DecoderFallbackException e)
        {
            throw MarrowException.Bad(path, "UTF-8 text", "bytes of another encoding", "Save the file as UTF-8.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check the file and its permissions.", e);
        }
    }

    private static StreamReader Text(string path) =>
        InputFile.OpenText(path, MaxBytes, new UTF8Encoding(false, throwOnInvalidBytes: true));

    private static List<CsvRow> ReadRows(string path, StreamReader text, CsvDialect dialect)
    {
        var rows = new List<CsvRow>();
        var options = new CsvReaderOptions
        {
            HasHeader = false,
            Separator = dialect.Separator,
            TrimWhitespace = true,
            MalformedData = CsvMalformedDataHandling.Throw,
            MaxRecordSize = MaxRecordBytes,
            TrackLineNumbers = true,
        };
        try
        {
            for (var line = 0; line < dialect.SkippedLines; line++)
                text.ReadLine();
            using var reader = CsvReader.Create(text, options, leaveOpen: true);
            while (reader.Read())
            {
                var at = reader.LineNumber + dialect.SkippedLines;
                var fields = new string[reader.FieldCount];
                for (var i = 0; i < fields.Length; i++)
                    fields[i] = reader.GetString(i);
                if (fields.Any(field => field.Contains('\0')))
                    throw MarrowException.Bad($"{path}, line {at}", "text", "zero bytes", "Save the file as UTF-8.");
                if (rows.Count > 0 && fields.Length != rows[0].Fields.Length)
                    throw MarrowException.Bad(
                        $"{path}, line {at}",
                        $"{rows[0].Fields.Length} columns as in the first line",
                        $"{fields.Length}",
                        $"Correct the line; columns are separated by {dialect.Name} here, and a field that has one "
                            + $"needs quotes."
                    );
                rows.Add(new CsvRow(at, fields));
            }
            return rows;
        }
        catch (CsvFormatException e)
        {
            throw new MarrowException(
                $"{path}, line {e.LineNumber + dialect.SkippedLines}: not a line of CSV ({e.Message}). Check its "
                    + $"quotes: a quote within a field is doubled, and the field quoted.",
                e);
        }
    }

    private static CsvTable Of(string path, bool hasHeader, List<CsvRow> rows, CsvDialect dialect, string encoding)
    {
        if (rows.Count == (hasHeader ? 1 : 0) || rows.Count == 0)
            throw MarrowException.Bad(
                path,
                "rows of data",
                rows.Count == 0 ? "an empty file" : "a header alone",
                "Check the file.");
        if (!hasHeader)
            return new CsvTable(path, [], rows, dialect, encoding);
        if (
            rows[0]
                .Fields.GroupBy(name => name, StringComparer.OrdinalIgnoreCase)
                .FirstOrDefault(g => g.Key.Length > 0 && g.Count() > 1) is
            { } twice)
            throw MarrowException.Bad(
                path,
                "each column once",
                $"{SomeText.Quote(twice.Key)} twice",
                "Rename one of them.");
        return new CsvTable(path, rows[0].Fields, rows[1..], dialect, encoding);
    }

    /// <summary>Returns the index of a column, regardless of case; -1 when there is none.</summary>
    public int Find(string name)
    {
        for (var i = 0; i < Header.Count; i++)
        {
            if (string.Equals(Header[i], name, StringComparison.OrdinalIgnoreCase))
                return i;
        }
        return -1;
    }

    /// <summary>
    /// Returns the index of a column, regardless of case. Throws and lists all columns when there is none.
    /// </summary>
    public int Column(string name)
    {
        var index = Find(name);
        return index >= 0
            ? index
            : throw MarrowException.Bad(
                Path,
                $"a column {SomeText.Quote(name)}",
                ColumnsFound,
                "Name the column in the recipe or correct the file.");
    }

    /// <summary>
    /// Lists the columns for error messages, such as "the columns path, label". A single column may be any text and no
    /// table at all, so its name is not shown.
    /// </summary>
    public string ColumnsFound => Header.Count > 1
        ? $"the columns {SomeText.List(Header)}"
        : "one column: no comma, semicolon or tab in the first line";

    private enum DecimalMark { Point, Comma, Unclear }

    /// <summary>
    /// Returns a finite number; NaN for an empty cell when <paramref name="blank"/> allows it. In a table with
    /// semicolons or tabs a number may have a decimal comma.
    /// </summary>
    public double Number(CsvRow row, int column, bool blank = false)
    {
        var text = row.Fields[column];
        if (blank && text.Length == 0)
            return double.NaN;
        if (text.Contains(',') && IsNumberWithComma(text))
        {
            if (_dialect.Separator == ',')
                throw Bad(
                    row,
                    column,
                    "a number",
                    "Decimals take a point here: a decimal comma is read in a table whose columns are separated by "
                        + "semicolons or tabs."
                );
            if (MarkOf(column) != DecimalMark.Comma)
                throw Bad(
                    row,
                    column,
                    "numbers with one decimal mark",
                    "Its comma may set thousands apart, or decimals. Write decimals with a point and thousands "
                        + "without a mark."
                );
            text = text.Replace(',', '.');
        }
        if (
            double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value)
            && double.IsFinite(value))
            return value;
        throw Bad(row, column, "a number", "Correct the cell; decimals take a point.");
    }

    /// <summary>
    /// Returns the decimal mark of a column. A column with both points and commas is refused, and so is one between
    /// tabs whose commas all precede three digits, as they do in thousands.
    /// </summary>
    private DecimalMark MarkOf(int column)
    {
        if (_marks.TryGetValue(column, out var known))
            return known;
        var cells = Rows.Select(row => row.Fields[column]).ToList();
        var commas = cells.Where(IsNumberWithComma).ToList();
        var mark = commas.Count == 0 ? DecimalMark.Point
            : cells.Any(cell => cell.Contains('.')) || _dialect.Separator == '\t' && commas.All(IsLikeThousands)
                ? DecimalMark.Unclear
            : DecimalMark.Comma;
        return _marks[column] = mark;
    }

    // "20,5", not "1,234,5" and not "1.234,5": those would have to be guessed.
    private static bool IsNumberWithComma(string text) =>
        text.Count(c => c == ',') == 1
        && double.TryParse(text.Replace(',', '.'), NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static bool IsLikeThousands(string text)
    {
        var comma = text.IndexOf(',');
        var digits = text.AsSpan(0, comma).TrimStart("+-");
        return digits.Length is >= 1 and <= 3 && digits[0] != '0' && text.Length - comma - 1 == 3;
    }

    /// <summary>Returns the error for one cell.</summary>
    public MarrowException Bad(CsvRow row, int column, string expected, string remedy) =>
        MarrowException.Bad(
            $"{Path}, line {row.Line}, column {Name(column)}",
            expected,
            Found(row.Fields[column]),
            remedy);

    private string Name(int column) => Header.Count > 0 ? SomeText.Quote(Header[column]) : $"{column + 1}";

    /// <summary>
    /// Returns a cell for an error message. A file with a single column may be of any kind, so its lines are shown only
    /// when they look like names of images.
    /// </summary>
    private string Found(string cell) =>
        Rows[0].Fields.Length > 1 || ImageNames.IsImage(cell) || cell.Length == 0
            ? SomeText.Quote(cell)
            : "a line that names no image";
}

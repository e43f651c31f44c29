using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Marrow;

/// <summary>
/// Text from elsewhere (names of classes and files, licences, cards, manifests, a registry's answers) as it may be
/// shown: characters that move the cursor, change colours, turn the direction of writing, break the line or can't be
/// seen are written as escapes, so that text never looks like another one or like the program's own words. Credentials
/// in addresses are never shown.
/// </summary>
public static class VisibleText
{
    /// <summary>Longest value within a message; what is longer shows its two ends.</summary>
    public const int MostInMessage = 1000;

    private const string Gap = " ... ";

    /// <summary>
    /// On one line: "\n", "\t", "\u001B", "\u202E" stand for what they name; all else stays as it is.
    /// </summary>
    public static string Of(string text) => Escape(text, keepsLines: false);

    /// <summary>The same with its line breaks, for text that the program itself has laid out.</summary>
    public static string Lines(string text) => Escape(text, keepsLines: true);

    /// <summary>At most <paramref name="most"/> characters: the beginning and the end of longer text.</summary>
    public static string Elide(string text, int most)
    {
        if (text.Length <= most)
            return text;
        var (head, tail) = ((most - Gap.Length) * 2 / 3, (most - Gap.Length) / 3);
        if (char.IsHighSurrogate(text[head - 1]))
            head--;
        if (char.IsLowSurrogate(text[^tail]))
            tail--;
        return string.Concat(text.AsSpan(0, head), Gap, text.AsSpan(text.Length - tail));
    }

    /// <summary>JSON that has been encoded, with the characters escaped that JSON itself lets stand.</summary>
    public static string OfJson(string json)
    {
        json = WithoutCredentials(json);
        if (!HasHidden(json, keepsLines: true))
            return json;
        var text = new StringBuilder(json.Length);
        foreach (var rune in json.EnumerateRunes())
        {
            if (rune.Value is '\n' or '\r' || !IsHidden(rune))
                Append(text, rune);
            else
                AppendUnits(text, rune);
        }
        return text.ToString();
    }

    private static string Escape(string text, bool keepsLines)
    {
        text = WithoutCredentials(text);
        if (!HasHidden(text, keepsLines))
            return text;
        var shown = new StringBuilder(text.Length + 16);
        for (var i = 0; i < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(i), out var rune, out var used) != System.Buffers.OperationStatus.Done)
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[i]:X4}"); // half a surrogate pair
            else if (rune.Value == '\n' && keepsLines || !IsHidden(rune))
                Append(shown, rune);
            else if (rune.Value is '\n' or '\r' or '\t')
                shown.Append(rune.Value switch { '\n' => "\\n", '\r' => "\\r", _ => "\\t" });
            else
                AppendUnits(shown, rune);
            i += used;
        }
        return shown.ToString();
    }

    /// <summary>
    /// "oci://user:password@host/..." without what stands before the host. A password may hold a slash: in references
    /// of registries, which hold no other "@" than that of a digest, all before the last one goes.
    /// </summary>
    private static string WithoutCredentials(string text)
    {
        const string Mark = "://";
        var at = text.IndexOf(Mark, StringComparison.Ordinal);
        if (at < 0 || !text.Contains('@', StringComparison.Ordinal))
            return text;
        var (shown, copied) = (new StringBuilder(text.Length), 0);
        for (; at >= 0; at = text.IndexOf(Mark, at, StringComparison.Ordinal))
        {
            var start = at + Mark.Length;
            var isReference = text.AsSpan(0, at).EndsWith("oci", StringComparison.OrdinalIgnoreCase);
            var last = -1;
            for (
                at = start;
                at < text.Length && !char.IsWhiteSpace(text[at]) && text[at] != '"' && (isReference || text[at] != '/');
                at++)
            {
                if (text[at] == '@' && !text.AsSpan(at + 1).StartsWith(Digest.Scheme, StringComparison.Ordinal))
                    last = at;
            }
            if (last < 0)
                continue;
            shown.Append(text, copied, start - copied).Append("***");
            copied = last;
        }
        return shown.Append(text, copied, text.Length - copied).ToString();
    }

    private static bool HasHidden(string text, bool keepsLines)
    {
        foreach (var c in text)
        {
            // Printable ASCII is nearly all there is.
            if (c is >= ' ' and < '\u007F' || c == '\n' && keepsLines)
                continue;
            if (char.IsSurrogate(c) || IsHidden(new Rune(c)))
                return true;
        }
        return false;
    }

    /// <summary>
    /// Controls (also those of 0x80 to 0x9F), formats (direction, zero width, tags), separators of lines and
    /// paragraphs.
    /// </summary>
    private static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;

    private static void Append(StringBuilder text, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        text.Append(units[..rune.EncodeToUtf16(units)]);
    }

    private static void AppendUnits(StringBuilder text, Rune rune)
    {
        Span<char> units = stackalloc char[2];
        foreach (var unit in units[..rune.EncodeToUtf16(units)])
            text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:X4}");
    }
}

/// <summary>
/// What the compiler makes of $"..." where a message is wanted: the words stand as they are written, each value is
/// visible and of bounded length, and numbers are written the same in every culture.
/// </summary>
[InterpolatedStringHandler]
internal readonly ref struct VisibleMessage
{
    private readonly StringBuilder _text;

    public VisibleMessage(int literalLength, int formattedCount) => _text = new(literalLength + formattedCount * 16);

    public void AppendLiteral(string words) => _text.Append(words);

    public void AppendFormatted<T>(T value, string? format = null) =>
        _text.Append(
            VisibleText.Elide(
                VisibleText.Of(
                    (
                        value is IFormattable number
                            ? number.ToString(format, CultureInfo.InvariantCulture)
                            : value?.ToString()
                    ) ?? ""),
                VisibleText.MostInMessage));

    public override string ToString() => _text.ToString();
}

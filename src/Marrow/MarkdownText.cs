using System.Globalization;
using System.Text;

namespace Marrow;

/// <summary>
/// Foreign text within Markdown (CommonMark and GitHub's tables): shown as it is, never obeyed. No HTML, link, picture,
/// code or table of it takes effect, and it stays on its line.
/// </summary>
internal static class MarkdownText
{
    /// <summary>Within a sentence or a cell of a table.</summary>
    public static string Inline(string text)
    {
        var shown = VisibleText.Of(text);
        if (shown.AsSpan().IndexOfAny(Special) < 0)
            return shown;
        var escaped = new StringBuilder(shown.Length + 8);
        for (var i = 0; i < shown.Length; i++)
        {
            // Escapes of hidden characters keep their backslash, which Markdown shows where a letter follows.
            var next = i + 1 < shown.Length ? shown[i + 1] : ' ';
            var isSpecial = shown[i] switch
            {
                '\\' => char.IsAsciiLetterOrDigit(next) is false,
                '<' => char.IsAsciiLetter(next) || next is '/' or '!' or '?',
                '&' => char.IsAsciiLetter(next) || next == '#',
                '`' or '*' or '[' or ']' or '|' or '~' => true,
                _ => false,
            };
            if (isSpecial)
                escaped.Append('\\');
            escaped.Append(shown[i]);
        }
        return escaped.ToString();
    }

    /// <summary>Between two backticks, in a table too.</summary>
    public static string Code(string text) =>
        VisibleText.Of(text).Replace('`', '\'').Replace("|", "\\|", StringComparison.Ordinal);

    /// <summary>A block of code of several lines, whose fence no line of it closes.</summary>
    public static string Block(string language, string text)
    {
        var longest = 0;
        for (int i = 0, run = 0; i < text.Length; i++)
        {
            run = text[i] == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }
        var fence = new string('`', Math.Max(3, longest + 1));
        return $"{fence}{language}\n{VisibleText.Lines(text.ReplaceLineEndings("\n"))}\n{fence}";
    }

    /// <summary>
    /// The words are Markdown, the values are not: those behind a backtick are code, the others stand in a sentence.
    /// </summary>
    public static string Format(FormattableString text)
    {
        var values = text.GetArguments();
        var shown = values.Select((value, i) => value is string foreign
            ? text.Format.Contains($"`{{{i}}}", StringComparison.Ordinal) ? Code(foreign) : Inline(foreign)
            : value).ToArray();
        return string.Format(CultureInfo.InvariantCulture, text.Format, shown);
    }

    private static readonly System.Buffers.SearchValues<char> Special = System.Buffers.SearchValues.Create(
        "\\<&`*[]|~");
}

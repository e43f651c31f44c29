using System.Net;
using System.Text;
using Marrow.Imaging;

namespace Marrow.Reports;

/// <summary>
/// Builds one self-contained HTML page: no request leaves it (pictures are data URIs, the style sheet is inline, no
/// script), it follows the reader's light or dark setting, and prints. All text is escaped.
/// </summary>
internal sealed class HtmlReport(string title, string subtitle = "")
{
    private readonly StringBuilder _body = new();
    private readonly List<string> _headings = [];

    public HtmlReport Section(string heading)
    {
        _headings.Add(heading);
        _body.Append($"<h2 id=\"s{_headings.Count}\">{Escape(heading)}</h2>\n");
        return this;
    }

    public HtmlReport Text(string text)
    {
        _body.Append($"<p>{Escape(text)}</p>\n");
        return this;
    }

    /// <summary>Adds a highlighted sentence, the one that a hurried reader should see.</summary>
    public HtmlReport Callout(string text)
    {
        _body.Append($"<p class=\"callout\">{Escape(text)}</p>\n");
        return this;
    }

    /// <summary>Adds numbers side by side, each with a name and a small remark.</summary>
    public HtmlReport Figures(IReadOnlyList<(string Value, string Name, string Remark)> figures)
    {
        _body.Append("<div class=\"figures\">");
        foreach (var (value, name, remark) in figures)
            _body.Append(
                $"<div><b>{Escape(value)}</b><span>{Escape(name)}</span><small>{Escape(remark)}</small></div>");
        _body.Append("</div>\n");
        return this;
    }

    private const int ShortCell = 24;

    /// <summary>
    /// Adds a table. Columns of cells that look like numbers are aligned to the right, and short cells are not broken.
    /// </summary>
    public HtmlReport Table(
        IReadOnlyList<string> headers,
        IReadOnlyList<IReadOnlyList<string>> rows,
        string caption = "")
    {
        _body.Append("<div class=\"table\"><table>");
        if (caption.Length > 0)
            _body.Append($"<caption>{Escape(caption)}</caption>");
        var numeric = headers
            .Select(
                (_, c) =>
                    rows.Count > 0
                    && rows.All(r => c >= r.Count || IsNumber(r[c]))
                    && rows.Any(r => c < r.Count && r[c].Any(char.IsAsciiDigit)))
            .ToList();
        var kinds = numeric
            .Select(
                (n, c) =>
                    !n ? ""
                    : rows.All(r => c >= r.Count || r[c].Length <= ShortCell) ? " class=\"n short\""
                    : " class=\"n\"")
            .ToList();
        _body.Append("<thead><tr>");
        for (var c = 0; c < headers.Count; c++)
            _body.Append($"<th{kinds[c]}>{Escape(headers[c])}</th>");
        _body.Append("</tr></thead><tbody>");
        foreach (var row in rows)
        {
            _body.Append("<tr>");
            for (var c = 0; c < row.Count; c++)
                _body.Append($"<td{(c < kinds.Count ? kinds[c] : "")}>{Escape(row[c])}</td>");
            _body.Append("</tr>");
        }
        _body.Append("</tbody></table></div>\n");
        return this;
    }

    /// <param name="draw">
    /// Draws the PNG, on a dark ground when its argument is true. Both pictures are stored, and the reader's setting
    /// chooses one.
    /// </param>
    /// <param name="alternative">A text for readers who can't see the picture.</param>
    /// <param name="wide">True to use the whole width of the page.</param>
    public HtmlReport Plot(Func<bool, byte[]> draw, string alternative, bool wide = false)
    {
        _body.Append(
            $"<figure class=\"{(wide ? "plot wide" : "plot")}\"><picture><source media=\"screen and "
                + $"(prefers-color-scheme: dark)\" srcset=\"{DataUri(draw(true))}\">"
        );
        _body.Append($"<img src=\"{DataUri(draw(false))}\" alt=\"{Escape(alternative)}\"></picture></figure>\n");
        return this;
    }

    /// <summary>Adds PNG pictures side by side.</summary>
    public HtmlReport Pictures(IReadOnlyList<(byte[] Png, string Caption)> pictures)
    {
        _body.Append("<div class=\"pictures\">");
        foreach (var (png, caption) in pictures)
            _body.Append(
                $"<figure><img src=\"{DataUri(png)}\" "
                    + $"alt=\"{Escape(caption)}\"><figcaption>{Escape(caption)}</figcaption></figure>"
            );
        _body.Append("</div>\n");
        return this;
    }

    public HtmlReport Lineage(IReadOnlyList<LineageNode> nodes, IReadOnlyList<LineageEdge> edges)
    {
        _body.Append("<div class=\"scroll\">").Append(LineageSvg.Render(nodes, edges)).Append("</div>\n");
        return this;
    }

    /// <summary>Adds text that keeps its line breaks and spaces, such as commands and recipes.</summary>
    public HtmlReport Code(string text)
    {
        _body.Append($"<pre>{Escape(text)}</pre>\n");
        return this;
    }

    public void Save(string path) => AtomicFile.WriteText(path, ToHtml());

    public string ToHtml()
    {
        var contents =
            _headings.Count < 3
                ? ""
                : $"<nav>{string.Concat(_headings.Select((h, i) => $"<a href=\"#s{i + 1}\">{Escape(h)}</a>"))}</nav>\n";
        return $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            {ResultMark.Generator}
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
            <meta name="color-scheme" content="light dark">
            <title>{Escape(title)}</title>
            <style>{HtmlStyle.Css}</style>
            </head>
            <body>
            <header><h1>{Escape(title)}</h1>{(subtitle.Length > 0 ? $"<p>{Escape(subtitle)}</p>" : "")}</header>
            {contents}<main>
            {_body}</main>
            </body>
            </html>

            """;
    }

    private static bool IsNumber(string cell)
    {
        if (cell.Length == 0 || cell is "-" or "–")
            return true;
        var number = cell.TrimStart('<', '>', ' ');
        if (number.Length > 1 && number[0] is '-' or '+' or '−' or '±')
            number = number[1..];
        return number.Length > 0 && char.IsAsciiDigit(number[0]);
    }

    private static string DataUri(byte[] png) => $"data:image/png;base64,{Convert.ToBase64String(png)}";
    private static string Escape(string text) =>
        WebUtility.HtmlEncode(VisibleText.Lines(text.ReplaceLineEndings("\n")));
}

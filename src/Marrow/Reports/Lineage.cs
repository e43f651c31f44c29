using System.Globalization;
using System.Net;
using System.Text;

namespace Marrow.Reports;

/// <summary>What a box of a lineage stands for.</summary>
public enum LineageKind
{
    Dataset,
    Checkpoint,
}

/// <param name="Id">Unique in its graph.</param>
/// <param name="Lines">Small text below the title: licence, measured worth, digest.</param>
public sealed record LineageNode(string Id, LineageKind Kind, string Title, IReadOnlyList<string> Lines);

/// <param name="Label">"98 % copied"; may be empty.</param>
public sealed record LineageEdge(string From, string To, string Label = "");

/// <summary>
/// The graph of parents as inline SVG: data sets and checkpoints in columns by their longest way from a root, ordered
/// in each column by the mean place of their parents (Sugiyama's barycentre step), arrows from left to right. Colours
/// come from the page's style sheet.
/// </summary>
public static class LineageSvg
{
    private const int BoxWidth = 230, ColumnGap = 110, RowGap = 26, LineHeight = 17, Padding = 12, Edge = 8;

    /// <summary>Edges to unknown boxes are left out. Throws <see cref="ArgumentException"/> when the graph has a cycle.</summary>
    public static string Render(IReadOnlyList<LineageNode> nodes, IReadOnlyList<LineageEdge> edges)
    {
        var known = nodes.ToDictionary(n => n.Id);
        edges = edges.Where(e => known.ContainsKey(e.From) && known.ContainsKey(e.To)).ToList();
        var columns = Columns(nodes, edges);
        var boxes = Place(columns, edges);
        var width = columns.Count * (BoxWidth + ColumnGap) - ColumnGap + 2 * Edge;
        var height = boxes.Values.Select(b => b.Y + b.Height).DefaultIfEmpty(0).Max() + Edge;

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"lineage\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" aria-label=\"Lineage of the checkpoints\" xmlns=\"http://www.w3.org/2000/svg\">");
        svg.Append("<defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path class=\"head\" d=\"M0 0L10 5L0 10z\"/></marker></defs>");
        foreach (var edge in edges)
            Arrow(svg, boxes[edge.From], boxes[edge.To], edge.Label);
        foreach (var node in nodes)
            Box(svg, node, boxes[node.Id]);
        return svg.Append("</svg>").ToString();
    }

    private readonly record struct Area(int X, int Y, int Height)
    {
        public int Middle => Y + Height / 2;
    }

    private static int HeightOf(LineageNode node) => 2 * Padding + LineHeight * (1 + node.Lines.Count) + 4;

    /// <summary>Column of a box: the longest way from a root.</summary>
    private static List<List<LineageNode>> Columns(IReadOnlyList<LineageNode> nodes, IReadOnlyList<LineageEdge> edges)
    {
        var depth = nodes.ToDictionary(n => n.Id, _ => 0);
        for (var round = 0; ; round++)
        {
            var changed = false;
            foreach (var edge in edges.Where(e => depth[e.To] <= depth[e.From]))
                (depth[edge.To], changed) = (depth[edge.From] + 1, true);
            if (!changed)
                break;
            if (round > nodes.Count)
                throw new ArgumentException("The lineage has a cycle.", nameof(edges));
        }
        // A data set stands just before its first use, not at the far left.
        foreach (var node in nodes.Where(n => !edges.Any(e => e.To == n.Id) && edges.Any(e => e.From == n.Id)))
            depth[node.Id] = edges.Where(e => e.From == node.Id).Min(e => depth[e.To]) - 1;
        return nodes.GroupBy(n => depth[n.Id]).OrderBy(g => g.Key).Select(g => g.ToList()).ToList();
    }

    private static Dictionary<string, Area> Place(List<List<LineageNode>> columns, IReadOnlyList<LineageEdge> edges)
    {
        var boxes = new Dictionary<string, Area>();
        var tallest = columns.Select(c => c.Sum(n => HeightOf(n) + RowGap) - RowGap).DefaultIfEmpty(0).Max();
        for (var column = 0; column < columns.Count; column++)
        {
            var ordered = columns[column]
                .OrderBy(n => edges.Where(e => e.To == n.Id && boxes.ContainsKey(e.From)).Select(e => (double)boxes[e.From].Middle).DefaultIfEmpty(double.MaxValue).Average())
                .ToList();
            var y = Edge + (tallest - (ordered.Sum(n => HeightOf(n) + RowGap) - RowGap)) / 2;
            foreach (var node in ordered)
            {
                boxes[node.Id] = new(Edge + column * (BoxWidth + ColumnGap), y, HeightOf(node));
                y += HeightOf(node) + RowGap;
            }
        }
        return boxes;
    }

    private static void Box(StringBuilder svg, LineageNode node, Area box)
    {
        var kind = node.Kind.ToString().ToLowerInvariant();
        svg.Append(CultureInfo.InvariantCulture, $"<g class=\"{kind}\"><rect x=\"{box.X}\" y=\"{box.Y}\" width=\"{BoxWidth}\" height=\"{box.Height}\" rx=\"{(node.Kind == LineageKind.Dataset ? 20 : 6)}\"/>");
        var y = box.Y + Padding + 12;
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"title\" x=\"{box.X + Padding}\" y=\"{y}\">{Escape(node.Title, 28)}</text>");
        foreach (var line in node.Lines)
            svg.Append(CultureInfo.InvariantCulture, $"<text x=\"{box.X + Padding}\" y=\"{(y += LineHeight) + 3}\">{Escape(line, 36)}</text>");
        svg.Append("</g>");
    }

    private static void Arrow(StringBuilder svg, Area from, Area to, string label)
    {
        var (x1, y1, x2, y2) = (from.X + BoxWidth, from.Middle, to.X, to.Middle);
        var bend = Math.Max(ColumnGap / 2, (x2 - x1) / 2);
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"arrow\" d=\"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}\" marker-end=\"url(#arrow)\"/>");
        if (label.Length > 0)
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"label\" x=\"{(x1 + x2) / 2}\" y=\"{(y1 + y2) / 2 - 7}\">{Escape(label, 18)}</text>");
    }

    /// <summary>Text that is too long for its box ends in an ellipsis and shows in full as a tool tip.</summary>
    private static string Escape(string text, int longest) => text.Length <= longest
        ? WebUtility.HtmlEncode(text)
        : $"<title>{WebUtility.HtmlEncode(text)}</title>{WebUtility.HtmlEncode(text[..(longest - 1)])}…";
}

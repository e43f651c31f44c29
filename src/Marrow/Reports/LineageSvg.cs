using System.Globalization;
using System.Net;
using System.Text;
using Marrow.Checkpoints;

namespace Marrow.Reports;

/// <summary>A box in the picture of a lineage.</summary>
/// <param name="Id">The id, which is unique in its graph.</param>
/// <param name="Lines">The small text below the title: licence, measured worth and digest.</param>
internal sealed record LineageNode(string Id, LineageKind Kind, string Title, IReadOnlyList<string> Lines);

/// <summary>An arrow between two boxes, from the ancestor to the descendant.</summary>
/// <param name="Label">A short text such as "98 % copied"; may be empty.</param>
internal sealed record LineageEdge(string From, string To, string Label = "");

/// <summary>
/// The graph of parents as inline SVG: data sets and checkpoints in columns by their longest way from a root, ordered
/// in each column by the mean place of their parents (the barycentre step of Sugiyama et al. 1981), arrows from left
/// to right and past other boxes. Colours come from the page's style sheet.
/// </summary>
internal static class LineageSvg
{
    private const int BoxWidth = 256, ColumnGap = 104, RowGap = 26, LineHeight = 17, Padding = 12, Edge = 8;

    /// <summary>
    /// Renders the graph. Edges to unknown boxes are left out. Throws <see cref="ArgumentException"/> when the graph
    /// has a cycle.
    /// </summary>
    public static string Render(IReadOnlyList<LineageNode> nodes, IReadOnlyList<LineageEdge> edges)
    {
        var known = nodes.ToDictionary(n => n.Id);
        edges = edges.Where(e => known.ContainsKey(e.From) && known.ContainsKey(e.To)).ToList();
        var (columns, ways) = Columns(nodes, edges);
        var boxes = Place(columns, ways);
        var width = columns.Count * (BoxWidth + ColumnGap) - ColumnGap + 2 * Edge;
        var height = boxes.Values.Select(b => b.Y + b.Height).DefaultIfEmpty(0).Max() + Edge;

        var svg = new StringBuilder();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg class=\"lineage\" viewBox=\"0 0 {width} {height}\" style=\"max-width:{width}px\" role=\"img\" "
                + $"aria-label=\"Lineage of the checkpoints\" xmlns=\"http://www.w3.org/2000/svg\">"
        );
        svg.Append(
            "<defs><marker id=\"arrow\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"7\" "
                + "markerHeight=\"7\" orient=\"auto\"><path class=\"head\" d=\"M0 0L10 5L0 10z\"/></marker></defs>"
        );
        foreach (var way in ways)
            Arrow(svg, [.. way.Stops.Select(stop => boxes[stop])]);
        foreach (var way in ways.Where(w => w.Edge.Label.Length > 0))
            Label(svg, boxes[way.Stops[^2]], boxes[way.Stops[^1]], way.Edge.Label);
        foreach (var node in nodes)
            Box(svg, node, boxes[node.Id]);
        return svg.Append("</svg>").ToString();
    }

    private readonly record struct Area(int X, int Y, int Height)
    {
        public int Middle => Y + Height / 2;
    }

    /// <summary>
    /// An arrow and the boxes that it touches. Between columns that are not neighbours it passes through empty places.
    /// </summary>
    private sealed record Way(LineageEdge Edge, List<string> Stops);

    private static int HeightOf(LineageNode? node) =>
        node is null ? 1 : 2 * Padding + LineHeight * (1 + node.Lines.Count) + 4;

    /// <summary>
    /// Returns the boxes of each column, with null for an empty place through which a long arrow passes, and the paths
    /// of the arrows.
    /// </summary>
    private static (List<List<(string Id, LineageNode? Node)>> Columns, List<Way> Ways) Columns(
        IReadOnlyList<LineageNode> nodes, IReadOnlyList<LineageEdge> edges)
    {
        var depth = Depths(nodes, edges);
        var columns = Enumerable.Range(0, depth.Values.DefaultIfEmpty(-1).Max() + 1)
            .Select(c => nodes.Where(n => depth[n.Id] == c).Select(n => (n.Id, (LineageNode?)n)).ToList()).ToList();
        var ways = new List<Way>();
        foreach (var edge in edges)
        {
            var stops = new List<string> { edge.From };
            for (var c = depth[edge.From] + 1; c < depth[edge.To]; c++)
            {
                stops.Add($"{edge.From}\n{edge.To}\n{c}");
                columns[c].Add((stops[^1], null));
            }
            stops.Add(edge.To);
            ways.Add(new(edge, stops));
        }
        return (columns, ways);
    }

    /// <summary>Returns the column of each box, which is the length of its longest path from a root.</summary>
    private static Dictionary<string, int> Depths(IReadOnlyList<LineageNode> nodes, IReadOnlyList<LineageEdge> edges)
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
        return depth;
    }

    private static Dictionary<string, Area> Place(List<List<(string Id, LineageNode? Node)>> columns, List<Way> ways)
    {
        var parents = ways.SelectMany(w => w.Stops.Zip(w.Stops.Skip(1)))
            .ToLookup(pair => pair.Second, pair => pair.First);
        var boxes = new Dictionary<string, Area>();
        var tallest = columns.Select(Total).DefaultIfEmpty(0).Max();
        for (var column = 0; column < columns.Count; column++)
        {
            var y = Edge + (tallest - Total(columns[column])) / 2;
            foreach (
                var (id, node) in columns[column]
                    .OrderBy(n =>
                        parents[n.Id].Select(p => (double)boxes[p].Middle).DefaultIfEmpty(double.MaxValue).Average()))
            {
                boxes[id] = new(Edge + column * (BoxWidth + ColumnGap), y, HeightOf(node));
                y += HeightOf(node) + RowGap;
            }
        }
        return boxes;

        static int Total(List<(string Id, LineageNode? Node)> column) =>
            column.Sum(n => HeightOf(n.Node) + RowGap) - RowGap;
    }

    private static void Box(StringBuilder svg, LineageNode node, Area box)
    {
        var kind = node.Kind == LineageKind.Dataset ? "dataset" : "checkpoint"; // classes of the page's style sheet
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<g class=\"{kind}\"><rect x=\"{box.X}\" y=\"{box.Y}\" width=\"{BoxWidth}\" height=\"{box.Height}\" "
                + $"rx=\"{(node.Kind == LineageKind.Dataset ? 20 : 6)}\"/>"
        );
        var y = box.Y + Padding + 12;
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"title\" x=\"{box.X + Padding}\" y=\"{y}\">{Escape(node.Title, 28)}</text>");
        foreach (var line in node.Lines)
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text x=\"{box.X + Padding}\" y=\"{(y += LineHeight) + 3}\">{Escape(line, 36)}</text>");
        svg.Append("</g>");
    }

    private static void Arrow(StringBuilder svg, List<Area> stops)
    {
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<path class=\"arrow\" marker-end=\"url(#arrow)\" d=\"M{stops[0].X + BoxWidth} {stops[0].Middle}");
        foreach (var (from, to) in stops.Zip(stops.Skip(1)))
        {
            var (x1, x2) = (from.X + BoxWidth, to.X);
            var bend = (x2 - x1) / 2;
            svg.Append(
                CultureInfo.InvariantCulture,
                $"C{x1 + bend} {from.Middle} {x2 - bend} {to.Middle} {x2} {to.Middle}");
            if (to != stops[^1])
                svg.Append(CultureInfo.InvariantCulture, $"H{x2 + BoxWidth}");
        }
        svg.Append("\"/>");
    }

    private static void Label(StringBuilder svg, Area from, Area to, string label) =>
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"label\" x=\"{(from.X + BoxWidth + to.X) / 2}\" "
                + $"y=\"{(from.Middle + to.Middle) / 2 - 6}\">{Escape(label, 18)}</text>"
        );

    /// <summary>
    /// Escapes text. Text that is too long for its box ends in an ellipsis and is shown completely as a tool tip.
    /// </summary>
    private static string Escape(string text, int longest) =>
        text.Length <= longest ? Encoded(text) : $"<title>{Encoded(text)}</title>{Encoded(text[..(longest - 1)])}…";

    private static string Encoded(string text) => WebUtility.HtmlEncode(VisibleText.Of(text));
}

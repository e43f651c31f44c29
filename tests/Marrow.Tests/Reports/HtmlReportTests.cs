using System.Text.RegularExpressions;
using System.Xml.Linq;
using Marrow.Checkpoints;
using Marrow.Reports;

namespace Marrow.Tests.Reports;

public class HtmlReportTests
{
    private const string Hostile = "<script>alert('1')</script> & \"x\" onerror=alert(1)";
    private static readonly byte[] Pixel = Plots.LearningCurves("", "", "", []);

    private static string Everything(string text) =>
        new HtmlReport(text, text)
            .Section(text)
            .Text(text)
            .Callout(text)
            .Section(text)
            .Figures([(text, text, text)])
            .Section(text)
            .Table(
                [text, "n"],
                [
                    [text, "1.5"],
                    [text, "-"],
                ],
                text)
            .Plot(_ => Pixel, text)
            .Pictures([(Pixel, text)])
            .Code(text)
            .Lineage(
                [new("a", LineageKind.Dataset, text, [text]), new("b", LineageKind.Checkpoint, text, [text])],
                [new("a", "b", text)])
            .ToHtml();

    [Fact]
    public void All_text_is_escaped_wherever_it_stands()
    {
        var html = Everything(Hostile);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("\"x\"", html);
        Assert.Contains("&lt;script&gt;", html);
    }

    [Fact]
    public void The_page_asks_for_nothing_from_outside()
    {
        var html = Everything("plain");
        foreach (Match match in Regex.Matches(html, "(?:src|href|srcset|url)\\s*[=(]\\s*[\"']?([^\"')]*)"))
            Assert.Matches("^(data:image/png;base64,|#)", match.Groups[1].Value);
        Assert.DoesNotContain("@import", html);
        Assert.Contains("default-src 'none'", html);
    }

    [Fact]
    public void Columns_of_numbers_are_set_to_the_right()
    {
        var html = new HtmlReport("t").Table(["name", "value"], [["a", "1.5"], ["b", "-"]]).ToHtml();
        Assert.Contains("<td>a</td><td class=\"n short\">1.5</td>", html);
        var intervals = new HtmlReport("t")
            .Table(
                ["name", "95 %"],
                [
                    ["a", "< 1.0 to > 24.1"],
                    ["b", ""],
                    ["c", "<"],
                ])
            .ToHtml();
        Assert.Contains("<td>&lt; 1.0 to &gt; 24.1</td>", intervals); // "<" alone is no number
    }

    [Fact]
    public void A_lineage_has_a_box_for_each_node_and_an_arrow_for_each_edge_and_no_overlap()
    {
        LineageNode[] nodes =
        [
            .. "abcdef".Select(c => new LineageNode(c.ToString(), LineageKind.Checkpoint, c.ToString(), ["line"])),
        ];
        LineageEdge[] edges =
        [
            new("a", "b"),
            new("b", "c"),
            new("a", "c"),
            new("d", "c"),
            new("d", "e"),
            new("a", "f"),
            new("ghost", "f"),
        ];
        var svg = XElement.Parse(LineageSvg.Render(nodes, edges));
        XNamespace ns = "http://www.w3.org/2000/svg";
        var boxes = svg.Descendants(ns + "rect")
            .Select(r =>
                (
                    X: (int)r.Attribute("x")!,
                    Y: (int)r.Attribute("y")!,
                    W: (int)r.Attribute("width")!,
                    H: (int)r.Attribute("height")!))
            .ToList();

        Assert.Equal(6, boxes.Count);
        Assert.Equal(6, svg.Descendants(ns + "path").Count(p => (string?)p.Attribute("class") == "arrow"));
        for (var i = 0; i < boxes.Count; i++)
            Assert.All(boxes.Skip(i + 1), b =>
                Assert.True(
                    b.X >= boxes[i].X + boxes[i].W
                        || boxes[i].X >= b.X + b.W
                        || b.Y >= boxes[i].Y + boxes[i].H
                        || boxes[i].Y >= b.Y + b.H));
    }

    [Fact]
    public void Arrows_point_to_the_right()
    {
        LineageNode[] nodes =
        [
            new("child", LineageKind.Checkpoint, "child", []),
            new("parent", LineageKind.Dataset, "parent", []),
        ];
        var svg = XElement.Parse(LineageSvg.Render(nodes, [new("parent", "child")]));
        var x = svg.Descendants().Where(e => e.Name.LocalName == "rect").Select(e => (int)e.Attribute("x")!).ToList();
        Assert.True(x[1] < x[0]);
    }

    [Fact]
    public void A_cycle_is_refused() =>
        Assert.Throws<ArgumentException>(() =>
            LineageSvg.Render(
                [new("a", LineageKind.Checkpoint, "a", []), new("b", LineageKind.Checkpoint, "b", [])],
                [new("a", "b"), new("b", "a")]));

    [Fact]
    public void An_empty_lineage_is_an_empty_picture() => Assert.Contains("<svg", LineageSvg.Render([], []));
}

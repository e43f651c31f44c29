using System.Text.Json;
using Marrow.Cli;
using Marrow.Findings;
using Marrow.Reports;
using Spectre.Console.Testing;

namespace Marrow.Tests.Reports;

/// <summary>Intervals and what the confidence means, in every form in which a finding is told.</summary>
public class IntervalReportTests
{
    private static readonly string[] Columns = [.. ReportSamples.SpineColumns, .. IntervalColumns.Names];

    [Fact]
    public void The_json_has_the_interval_beside_each_angle_and_what_the_confidence_is()
    {
        var document = JsonDocument.Parse(FindingJson.Write(ReportSamples.WithIntervals(300, 700))).RootElement;
        var angles = document.GetProperty("angles");
        Assert.Equal(0.9, angles.GetProperty("intervalLevel").GetDouble());
        Assert.Equal(
            [[27.25, 35.5], [0, 12], [1, 9]],
            angles.GetProperty("landmarks").EnumerateArray().Select(angle =>
                angle.GetProperty("interval").EnumerateArray().Select(end => end.GetDouble()).ToArray()));
        Assert.Equal(5, document.GetProperty("confidenceWithinDegrees").GetDouble());
    }

    [Fact]
    public void A_finding_without_intervals_reads_as_before()
    {
        var text = FindingJson.Write(ReportSamples.Finding(300, 700));
        Assert.DoesNotContain("interval", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Within", text, StringComparison.Ordinal);
        Assert.DoesNotContain("interval", Terminal(ReportSamples.Finding(300, 700), ReportSamples.SpineColumns));
    }

    [Fact]
    public void The_table_has_both_ends_after_the_other_columns_of_the_spine()
    {
        var writer = new StringWriter();
        var failed = Finding.Failed("b.png", "no image", new SpinePart());
        new FindingTable(Columns).WriteCsv(writer, [ReportSamples.WithIntervals(300, 700), failed]);
        var lines = writer.ToString().Split('\n');
        Assert.EndsWith(
            ",curves,cobb1Low,cobb1High,cobb2Low,cobb2High,cobb3Low,cobb3High,status",
            lines[0],
            StringComparison.Ordinal);
        Assert.EndsWith(",27.25,35.5,0,12,1,9,ok", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",,,,,,,failed", lines[2], StringComparison.Ordinal);
    }

    [Fact]
    public void The_table_ends_with_the_expected_angles_and_the_terminal_leaves_them_to_it()
    {
        string[] columns = [.. Columns, .. AngleColumns.Expected];
        var writer = new StringWriter();
        var refused = new Finding(ReportSamples.Finding(300, 700)).WithSpine(_ => new SpinePart());
        new FindingTable(columns).WriteCsv(writer, [ReportSamples.WithIntervals(300, 700), refused]);
        var lines = writer.ToString().Split('\n');
        Assert.EndsWith(",cobb3High,cobb1Expected,cobb2Expected,cobb3Expected,status", lines[0]);
        Assert.EndsWith(",1,9,50,30,5,ok", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",,,,ok", lines[2], StringComparison.Ordinal);
        Assert.DoesNotContain("Expected", Terminal(ReportSamples.Finding(300, 700), columns));
    }

    [Fact]
    public void The_terminal_shows_the_interval_of_cobb1_and_says_what_it_and_the_confidence_are()
    {
        var text = Terminal(ReportSamples.WithIntervals(300, 700), Columns);
        Assert.Contains("[27, 36]", text, StringComparison.Ordinal);
        Assert.Contains("interval: holds the true cobb1 on 90 % of films", text, StringComparison.Ordinal);
        Assert.Contains("cobb1 is within 5 degrees", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_overlay_shows_more_where_there_are_intervals()
    {
        var radiograph = ReportSamples.Radiograph(500, 1200);
        using var without = ReportSamples.Decode(
            OverlayRenderer.Render(radiograph, ReportSamples.Finding(500, 1200)));
        using var with = ReportSamples.Decode(
            OverlayRenderer.Render(radiograph, ReportSamples.WithIntervals(500, 1200)));
        var color = SpineCanvas.AngleColors[0];
        Assert.True(
            ReportSamples.Count(with, c => ReportSamples.Near(c, color))
                > ReportSamples.Count(without, c => ReportSamples.Near(c, color)));
    }

    [Fact]
    public void Readers_see_whole_degrees_rounded_outwards()
    {
        AngleInterval[] intervals = [new(27.25, 35.5)];
        Assert.Equal("31.2° [27, 36]", AngleInterval.Beside(31.24, intervals, 0));
        Assert.Equal("31.2°", AngleInterval.Beside(31.24, intervals, 1));
        Assert.Equal("[0, 1]", new AngleInterval(0, 0.2).InWords);
    }

    private static string Terminal(Finding finding, string[] columns)
    {
        var console = new TestConsole().Width(200);
        console.Draw(new TextReport(new { }, FindingText.Of([finding], columns, "out", true)));
        return console.Output;
    }
}

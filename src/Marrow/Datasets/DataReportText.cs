using System.Globalization;

namespace Marrow.Datasets;

/// <summary>
/// Writes the report of a data set for readers: its contents, the frequency of each label, and its faults.
/// </summary>
internal static class DataReportText
{
    /// <param name="mostFaults">The largest number of faults that are shown.</param>
    public static IReadOnlyList<ReportPart> Of(DataReport report, int mostFaults) =>
        [Facts(report), .. Labels(report), .. report.Notes.Select(ReportPart.Line), .. Faults(report, mostFaults)];

    private static ReportPart Facts(DataReport report)
    {
        var facts = new List<(string Name, string Value)>
        {
            ("samples", NumberText.Grouped(report.Samples)),
            ("images readable", NumberText.Grouped(report.ImagesReadable)),
            ("patients", NumberText.Grouped(report.Patients)),
        };
        if (report.AnglesReproduced is { } reproduced)
            facts.Add(("angles reproduced", NumberText.Grouped(reproduced)));
        if (report.Spines is { } spines)
            facts.Add(("spines", NumberText.Grouped(spines)));
        if (report.Masks is { } masks)
            facts.Add(("masks", NumberText.Grouped(masks)));
        if (report.WithoutBoxes is { } without)
            facts.Add(("images without a box", NumberText.Grouped(without)));
        return ReportPart.Facts($"{report.Name} ({report.Format}, {report.License})", facts);
    }

    private static IEnumerable<ReportPart> Labels(DataReport report)
    {
        if (report.Classes.Count > 0)
        {
            var uncertain = report.Classes.Values.Any(c => c.Uncertain > 0);
            yield return ReportPart.Table(
                ["class", "positive", "negative", "unknown", .. uncertain ? ["uncertain"] : (string[])[]],
                report.Classes.Select(c => Row([
                    c.Key,
                    NumberText.Grouped(c.Value.Positive),
                    NumberText.Grouped(c.Value.Negative),
                    NumberText.Grouped(c.Value.Unknown),
                    .. uncertain ? [NumberText.Grouped(c.Value.Uncertain)] : (string[])[],
                ])));
        }
        if (report.Numbers.Count > 0)
            yield return ReportPart.Table(
                ["number", "known", "blank", "least", "mean", "largest"],
                report.Numbers.Select(n => Row(
                    n.Key,
                    NumberText.Grouped(n.Value.Known),
                    NumberText.Grouped(n.Value.Unknown),
                    Number(n.Value.Least),
                    Number(n.Value.Mean),
                    Number(n.Value.Largest))));
        if (report.Points.Count > 0)
            yield return ReportPart.Table(
                ["point", "labelled in"], report.Points.Select(p => Row(p.Key, NumberText.Grouped(p.Value))));
        if (report.Boxes.Count > 0)
            yield return ReportPart.Table(
                ["class", "boxes"], report.Boxes.Select(b => Row(b.Key, NumberText.Grouped(b.Value))));
    }

    private static IEnumerable<ReportPart> Faults(DataReport report, int most)
    {
        if (report.Faults.Count == 0)
        {
            yield return ReportPart.Line("no fault found");
            yield break;
        }
        yield return ReportPart.Table(
            ["fault", "files"], report.FaultCounts.Select(f => Row(f.Key, NumberText.Grouped(f.Value))));
        var shown = Math.Min(most, report.Faults.Count);
        yield return ReportPart.Table(
            ["file", "fault", "detail", "action"],
            report.Faults.Take(shown).Select(f => Row(f.File, f.Kind, f.Detail, f.Action)));
        if (shown < report.Faults.Count)
            yield return ReportPart.Line($"{report.Faults.Count - shown} more: --all prints them, --json too.");
    }

    private static IReadOnlyList<string> Row(params string[] cells) => cells;

    private static string Number(double value) =>
        double.IsNaN(value) ? "-" : value.ToString("0.###", CultureInfo.InvariantCulture);
}

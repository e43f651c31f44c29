using System.Globalization;

namespace Marrow.Training.Experiments;

/// <summary>The tables of an experiment, for the terminal and the page.</summary>
internal static class ExperimentTables
{
    public const string Intervals =
        "95 %: Student's t over the seeds; with one seed the bootstrap over the held-out patients.";
    public const string Paired =
        "Below 0 the metric is lower. Films: paired bootstrap over the held-out patients, seeds averaged. Seeds: "
            + "Student's t over the paired seeds. Better or worse only where each interval leaves 0 out.";
    public const string Savings =
        "Labels that scratch needs for the same error, over those that were used: scratch's curve, made monotone, is "
            + "read backwards along log labels. 95 %: seeds and held-out patients drawn again together.";

    public static ReportPart Curves(ExperimentResult result)
    {
        var plan = result.Plan;
        List<string> headers = ["start"];
        if (plan.Methods.Count > 1)
            headers.Add("method");
        headers.AddRange([
            "labels",
            "patients",
            "images",
            ExperimentText.MetricName(plan, result.Unit),
            "95 %",
            "seeds",
            "x labels",
            "95 %",
        ]);
        var rows = result.Cells.Select(c =>
        {
            var saving = result.Savings.FirstOrDefault(s =>
                (s.Start, s.Method, s.Share) == (c.Start, c.Method, c.Share));
            List<string> cells = [c.Start];
            if (plan.Methods.Count > 1)
                cells.Add(c.Method);
            cells.AddRange([
                c.Share.ToString(),
                NumberText.Whole(c.Share.Patients),
                ExperimentText.Images(c.Images),
                ExperimentText.Value(result.Unit, c.Mean),
                ExperimentText.Interval(
                    ExperimentText.Value(result.Unit, c.Low),
                    ExperimentText.Value(result.Unit, c.High)),
                NumberText.Whole(c.Values.Count),
                saving is null ? "" : ExperimentText.Factor(saving.Saving),
                saving is null
                    ? ""
                    : ExperimentText.Interval(ExperimentText.Factor(saving.Low), ExperimentText.Factor(saving.High)),
            ]);
            return (IReadOnlyList<string>)cells;
        });
        return ReportPart.Table(headers, rows, $"{plan.Metric} on {plan.HeldOutImages} held-out images");
    }

    public static ReportPart Differences(ExperimentResult result) => ReportPart.Table(
        ["line", "minus", "labels", "difference", "95 % films", "95 % seeds", "verdict"],
        result.Differences.Select(d => (IReadOnlyList<string>)
        [
            ExperimentText.Line(result.Plan, d.Start, d.Method),
            ExperimentText.Line(result.Plan, d.AgainstStart, d.AgainstMethod),
            d.Share.ToString(),
            ExperimentText.Signed(result.Unit, d.Mean),
            ExperimentText.Interval(
                ExperimentText.Signed(result.Unit, d.FilmsLow),
                ExperimentText.Signed(result.Unit, d.FilmsHigh)),
            ExperimentText.Interval(
                ExperimentText.Signed(result.Unit, d.SeedsLow),
                ExperimentText.Signed(result.Unit, d.SeedsHigh)),
            d.Verdict,
        ]),
        "Paired differences, on the same films and seeds");

    public static ReportPart Subsets(ExperimentPlan plan)
    {
        var hasClasses = plan.Subsets.Any(s => s.Positives.Count > 0);
        return ReportPart.Table(
            ["labels", "seed", "patients", "images", .. hasClasses ? ["positive"] : Array.Empty<string>()],
            plan.Subsets.Select(s => (IReadOnlyList<string>)
            [
                s.Share.ToString(),
                s.Seed.ToString(CultureInfo.InvariantCulture),
                NumberText.Whole(s.Patients),
                NumberText.Whole(s.Images),
                .. hasClasses
                    ? [string.Join(", ", s.Positives.Select(p => $"{p.Key} {p.Value}"))]
                    : Array.Empty<string>(),
            ]),
            $"Labels of each subset, of {plan.TrainingPatients} patients to train on; held out: {plan.HeldOutImages} "
                + $"images of {plan.HeldOutPatients} patients");
    }
}

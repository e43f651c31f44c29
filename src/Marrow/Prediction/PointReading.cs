using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Tasks;
using Marrow.Tasks.Points;

namespace Marrow.Prediction;

/// <summary>Points as a finding, in original pixels; ones that are doubtful or lie outside the image ask for a look.</summary>
internal static class PointReading
{
    private const double LowScore = 0.5; // less than half of the heatmap near its peak: it lies elsewhere too

    public static IReadOnlyList<string> Columns(IReadOnlyList<OutputMeaning> outputs) =>
        [.. outputs.SelectMany(o => (string[])[$"{o.Name}_x", $"{o.Name}_y"])];

    public static ImagePredictor.Reader By(PointsTask task, Compute compute, IReadOnlyList<OutputMeaning> outputs) => (images, toOriginal, finding) =>
    {
        FoundPoint[] points = [.. task.PointsOf(images, compute)[0].Zip(outputs, (p, o) => new FoundPoint(o.Name, o.Trained ? toOriginal.Apply(p.Place) : null, p.Score))];
        string[] doubts =
        [
            .. points.Where(p => p.Place is not null && p.Score < LowScore).Select(p => FormattableString.Invariant($"{p.Name} is doubtful: score {p.Score:F2}.")),
            .. points.Where(p => p.Place is { } place && PointFault.IsOutside(place, finding.Width, finding.Height)).Select(p => $"{p.Name} lies outside the image."),
        ];
        return finding with { Points = points, Warnings = [.. finding.Warnings, .. doubts], Status = doubts.Length > 0 ? FindingStatus.Check : FindingStatus.Ok };
    };
}

using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks.Points;

/// <summary>
/// Reads points as a finding in original pixels. A doubtful point, or one outside the image, asks a person to check it.
/// </summary>
internal sealed class PointReading(PointsTask task, IReadOnlyList<OutputMeaning> outputs) : ITaskReading
{
    public IReadOnlyList<string> Columns { get; } =
    [.. outputs.SelectMany(o => (string[])[$"{o.Name}_x", $"{o.Name}_y"])];

    public Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute)
    {
        var toOriginal = toInput.Invert();
        FoundPoint[] points =
        [
            .. task.PointsOf(image, compute)[0]
                .Zip(outputs, (p, o) => new FoundPoint(o.Name, o.Trained ? toOriginal.Apply(p.Place) : null, p.Score)),
        ];
        return Judge(points, finding, task.Decoding);
    }

    /// <summary>Returns the finding with these points and with the remarks on them.</summary>
    /// <param name="kept">The names of points that a second look would have moved too far; null for none.</param>
    internal static Finding Judge(
        IReadOnlyList<FoundPoint> points, Finding finding, PointDecoding decoding, IReadOnlyList<string>? kept = null)
    {
        string[] doubts =
        [
            .. points.Where(p => p.Place is not null && p.Score < decoding.Judgement.LeastScore)
                .Select(p => FormattableString.Invariant($"{p.Name} is doubtful: score {p.Score:F2}.")),
            .. points
                .Where(p => p.Place is { } place && PointFault.IsOutside(place, finding.Width, finding.Height))
                .Select(p => $"{p.Name} lies outside the image."),
            .. (kept ?? []).Select(name =>
                $"{name} stays where the first look saw it, since the second look saw it far from there."),
        ];
        return new(finding.With(new PointsPart(points)))
        {
            Warnings = [.. finding.Warnings, .. doubts],
            Status = doubts.Length > 0 ? FindingStatus.Check : FindingStatus.Ok,
        };
    }
}

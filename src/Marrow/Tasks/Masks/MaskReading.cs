using System.Globalization;
using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks.Masks;

/// <summary>A segmentation's outputs as a finding: the class of each pixel of the image at its own size, and the area of each class.</summary>
internal sealed class MaskReading(SegmentTask task) : ITaskReading
{
    private const double LowConfidence = 0.5;

    public IReadOnlyList<string> Columns { get; } = [.. task.Classes.Select(c => $"area.{c}"), "confidence"];

    public IReadOnlyList<FindingPart> Nothing => [new RegionsPart()];

    public Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute)
    {
        var (input, outputs) = (task.Input, task.Spec.Outputs);
        var logits = task.Logits(image, compute)[0];
        var mask = MaskDecoder.Decode(logits, outputs, input.Width, input.Height, toInput, finding.Width, finding.Height);
        var expected = MaskDecoder.ExpectedDice(logits, outputs);
        var areas = new long[task.Classes.Count + 1];
        foreach (var value in mask)
            areas[value]++;
        FoundRegion[] regions = [.. task.Classes.Select((name, i) => new FoundRegion(name, areas[i + 1], areas[i + 1] / (double)mask.Length, areas[i + 1] == 0 ? 0 : expected[i]))];

        var found = regions.Where(r => r.AreaPixels > 0).ToList();
        var warnings = new List<string>(finding.Warnings);
        if (found.Count == 0)
            warnings.Add($"Nothing was found of {string.Join(", ", task.Classes)}.");
        warnings.AddRange(found.Where(r => r.Confidence < LowConfidence).Select(r => string.Create(CultureInfo.InvariantCulture, $"The outline of {r.Class} is doubtful (confidence {r.Confidence:F2}).")));
        return finding.With(new RegionsPart { Regions = regions, Mask = mask }) with
        {
            Confidence = found.Select(r => r.Confidence).DefaultIfEmpty(0).Min(),
            Status = found.Count == 0 || found.Any(r => r.Confidence < LowConfidence) ? FindingStatus.Check : FindingStatus.Ok,
            Warnings = warnings,
        };
    }
}

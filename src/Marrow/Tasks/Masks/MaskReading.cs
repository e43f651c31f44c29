using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks.Masks;

/// <summary>
/// Reads a segmentation's outputs as a finding: the class of each pixel at the image's own size, and the area of each
/// class.
/// </summary>
internal sealed class MaskReading(SegmentTask task) : ITaskReading
{
    public IReadOnlyList<string> Columns { get; } = [.. task.Classes.Select(c => $"area.{c}"), "confidence"];

    public IReadOnlyList<FindingPart> Nothing => [new RegionsPart()];

    public Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute) =>
        Of(task.Logits(image, compute)[0], task.Classes, (task.Input.Width, task.Input.Height), toInput, finding,
            task.Decoding);

    /// <param name="logits">The logits, [outputs * input height * input width].</param>
    internal static Finding Of(float[] logits, IReadOnlyList<string> classes, (int Width, int Height) input,
        AffineTransform toInput, Finding finding, MaskDecoding decoding)
    {
        var outputs = SegmentationNet.OutputsFor(classes.Count);
        var mask = MaskDecoder.Decode(
            logits,
            outputs,
            input.Width,
            input.Height,
            toInput,
            finding.Width,
            finding.Height);
        var expected = MaskDecoder.ExpectedDice(logits, outputs);
        var areas = new long[classes.Count + 1];
        foreach (var value in mask)
            areas[value]++;
        FoundRegion[] regions =
        [
            .. classes.Select((name, i) => (Name: name, Area: areas[i + 1], Dice: expected[i]))
                .Select(c => new FoundRegion(c.Name, c.Area, c.Area / (double)mask.Length, c.Area == 0 ? 0 : c.Dice)),
        ];

        var found = regions.Where(r => r.AreaPixels > 0).ToList();
        var doubtful = found.Where(r => r.Confidence < decoding.Judgement.LeastConfidence).ToList();
        var warnings = new List<string>(finding.Warnings);
        if (found.Count == 0)
            warnings.Add($"Nothing was found of {string.Join(", ", classes)}.");
        warnings.AddRange(doubtful.Select(r =>
            FormattableString.Invariant($"The outline of {r.Class} is doubtful (confidence {r.Confidence:F2}).")));
        return new(finding.With(new RegionsPart { Regions = regions, Mask = mask }))
        {
            Confidence = found.Select(r => r.Confidence).DefaultIfEmpty(0).Min(),
            Status = found.Count == 0 || doubtful.Count > 0 ? FindingStatus.Check : FindingStatus.Ok,
            Warnings = warnings,
        };
    }
}

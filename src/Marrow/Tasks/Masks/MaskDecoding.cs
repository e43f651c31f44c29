using System.ComponentModel.DataAnnotations;
using Marrow.Findings;
using Marrow.Imaging;

namespace Marrow.Tasks.Masks;

/// <summary>
/// How outlined classes are judged. What a pixel is of is no matter of tuning: the largest output decides.
/// </summary>
internal sealed record MaskDecoding : DecodingContract
{
    public MaskJudgementDecoding Judgement { get; init; } = new();

    internal override IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int classes = 16, inputSide = 8, side = 20;
        // The background and each class have a part of the image, where they are seen the surer the later they come.
        var logits = new float[(classes + 1) * inputSide * inputSide];
        for (var i = 0; i < logits.Length; i++)
        {
            var (output, pixel) = Math.DivRem(i, inputSide * inputSide);
            logits[i] = (float)(random.NextGaussian() + (pixel % (classes + 1) == output ? output * 0.5 : 0));
        }
        string[] names = [.. Enumerable.Range(1, classes).Select(c => FormattableString.Invariant($"c{c}"))];
        const double scale = (double)inputSide / side;
        var finding = MaskReading.Of(logits, names, (inputSide, inputSide), AffineTransform.Scale(scale, scale),
            new(file: "", width: side, height: side), this);
        var regions = finding.Part<RegionsPart>()!.Regions;
        return
        [
            new("areas", [.. regions.Select(r => (double)r.AreaPixels)]),
            new("confidences", [finding.Confidence!.Value, .. regions.Select(r => r.Confidence)]),
            new("doubts", [finding.Warnings.Count, (int)finding.Status]),
        ];
    }
}

/// <summary>Says from which values on a person is asked to check the finding.</summary>
internal sealed record MaskJudgementDecoding
{
    /// <summary>The lowest confidence in a class that raises no doubt.</summary>
    [Range(0.0, 1.0)]
    public double LeastConfidence { get; init; } = 0.5;
}

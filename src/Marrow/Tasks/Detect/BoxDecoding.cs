using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;
using Marrow.Modules;

namespace Marrow.Tasks.Detect;

/// <summary>Says how a detector's anchors become boxes, and which of them are shown.</summary>
internal sealed record BoxDecoding : DecodingContract
{
    public BoxSelectionDecoding Selection { get; init; } = new();
    public BoxJudgementDecoding Judgement { get; init; } = new();

    internal override IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int cases = 1200;
        const float side = 100;
        var candidates = Enumerable.Range(0, cases).Select(_ =>
        {
            var (x, y) = ((float)random.Uniform(-10, 105), (float)random.Uniform(-10, 105));
            var box = new Box(x, y, x + (float)random.Uniform(2, 30), y + (float)random.Uniform(2, 30));
            return new DetectedBox(random.Next(2), box, random.NextDouble());
        });
        var kept = BoxDecoder.Keep([.. candidates.OrderByDescending(found => found.Score)], side, side, Selection);
        var shown = kept.Where(found => found.Score >= Judgement.LeastScore).ToList();
        return
        [
            new("boxes", [kept.Count, shown.Count]),
            new("classes", [.. shown.Select(found => (double)found.Class)]),
            new(
                "sides",
                [.. shown.SelectMany(found => (double[])[found.Box.X1, found.Box.Y1, found.Box.X2, found.Box.Y2])]),
        ];
    }
}

/// <summary>Says which boxes a detector returns at all. The defaults are those of torchvision's RetinaNet.</summary>
internal sealed record BoxSelectionDecoding
{
    /// <summary>The lowest score of an anchor that is used, even for metrics.</summary>
    [Range(0.0, 1.0)]
    public double LeastScore { get; init; } = 0.05;

    /// <summary>
    /// The largest number of pairs of anchor and class that are examined for one image, over all levels.
    /// </summary>
    [Range(1, 100_000)]
    public int MostCandidates { get; init; } = 1000;

    /// <summary>
    /// The overlap (IoU) from which two boxes of a class are taken for the same object. The one with the higher score
    /// is kept.
    /// </summary>
    [Range(0.0, 1.0)]
    public double SameThingIou { get; init; } = 0.5;

    /// <summary>The largest number of boxes for one image, which is also COCO's.</summary>
    [Range(1, 10_000)]
    public int MostBoxes { get; init; } = 100;
}

/// <summary>Says which boxes are shown to a person.</summary>
internal sealed record BoxJudgementDecoding
{
    /// <summary>
    /// The lowest score of a box that is shown. A run chooses it on the part of the data that chose the weights, so
    /// that F1 at IoU 0.5 is as high as possible.
    /// </summary>
    [Range(0.0, 1.0)]
    public double LeastScore { get; init; } = 0.3;
}

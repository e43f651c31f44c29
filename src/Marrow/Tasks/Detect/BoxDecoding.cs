using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;
using Marrow.Modules;

namespace Marrow.Tasks.Detect;

/// <summary>How a detector's anchors become boxes, and which of them are shown.</summary>
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

/// <summary>Which boxes there are at all; the defaults are those of torchvision's RetinaNet.</summary>
internal sealed record BoxSelectionDecoding
{
    /// <summary>The least score of an anchor that counts at all, also for a metric.</summary>
    [Range(0.0, 1.0)]
    public double LeastScore { get; init; } = 0.05;

    /// <summary>The most anchors and classes of an image that are looked at, of all levels together.</summary>
    [Range(1, 100_000)]
    public int MostCandidates { get; init; } = 1000;

    /// <summary>
    /// From which overlap (IoU) on two boxes of a class are the same thing, which the better one is of.
    /// </summary>
    [Range(0.0, 1.0)]
    public double SameThingIou { get; init; } = 0.5;

    /// <summary>The most boxes of an image, as COCO counts.</summary>
    [Range(1, 10_000)]
    public int MostBoxes { get; init; } = 100;
}

/// <summary>Which boxes a person is shown.</summary>
internal sealed record BoxJudgementDecoding
{
    /// <summary>
    /// The least score of a box that is shown. A run chooses it on the part that chose the weights: as many boxes are
    /// right and as few wrong as can be together (the best F1 at IoU 0.5).
    /// </summary>
    [Range(0.0, 1.0)]
    public double LeastScore { get; init; } = 0.3;
}

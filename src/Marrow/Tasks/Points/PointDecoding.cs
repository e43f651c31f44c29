using System.ComponentModel.DataAnnotations;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Points;

/// <summary>How found points are judged, and what they count beside a detector whose vertebrae they refine.</summary>
internal sealed record PointDecoding : DecodingContract
{
    public PointJudgementDecoding Judgement { get; init; } = new();
    public RefinementDecoding Refinement { get; init; } = new();

    internal override IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int cases = 32, side = 100;
        var points = Enumerable.Range(0, cases).Select(i => new FoundPoint(FormattableString.Invariant($"p{i}"),
            new(random.Uniform(-side / 10.0, side), random.Uniform(0, side)), random.NextDouble())).ToArray();
        var finding = PointReading.Judge(points, new(file: "", width: side, height: side), this);
        var before = new Vertebra(new(0, 0), new(40, 2), new(1, 24), new(41, 25));
        var refined = Enumerable.Range(0, cases).Select(_ => Refinement.Mix(before,
            before.Transform(AffineTransform.Translate(random.Uniform(-20, 20), random.Uniform(-20, 20))))).ToList();
        return
        [
            new("doubts", [finding.Warnings.Count, (int)finding.Status]),
            new("places", [.. refined.SelectMany(v => (double[])[v.Center.X, v.Center.Y])]),
        ];
    }
}

/// <summary>From where on a person is asked to look.</summary>
internal sealed record PointJudgementDecoding
{
    /// <summary>
    /// The least score that raises no doubt: with less than half of the heatmap near its peak, the point lies
    /// elsewhere too.
    /// </summary>
    [Range(0.0, 1.0)]
    public double LeastScore { get; init; } = 0.5;
}

/// <summary>How the corners of a refiner and those of its detector become one.</summary>
internal sealed record RefinementDecoding
{
    /// <summary>
    /// The share of the refined corners; the rest is the detector's, which err otherwise. On validation films the
    /// expected angles had the least SMAPE with 0.7 behind the small detector of recipes/spine-two-stage.yaml and with
    /// 0.3 behind the larger one of recipes/spine.yaml; with 0.5 both gain, and tilts err least.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Share { get; init; } = 0.5;

    /// <summary>The farthest that a vertebra may move, of its height: beyond is its neighbour.</summary>
    [Range(0.0, 2.0)]
    public double MostMoveHeights { get; init; } = 0.5;

    /// <summary>
    /// The mean of both; what the detector saw where the refined corners make no vertebra, or another one.
    /// </summary>
    public Vertebra Mix(in Vertebra before, in Vertebra refined) =>
        IsSame(before, refined) ? Vertebra.Mix(before, refined, Share) : before;

    private bool IsSame(in Vertebra before, in Vertebra refined)
    {
        var (axis, down) = (refined.Axis, refined.LowerMidpoint - refined.UpperMidpoint);
        var reach = MostMoveHeights * before.UpperMidpoint.DistanceTo(before.LowerMidpoint);
        return axis.X > 0 && axis.X * down.Y - axis.Y * down.X > 0
            && refined.Center.DistanceTo(before.Center) <= reach;
    }
}

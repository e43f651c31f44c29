using System.ComponentModel.DataAnnotations;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tasks.Points;

/// <summary>
/// Says how found points are judged, and how they are combined with the vertebrae of a detector that they refine.
/// </summary>
internal sealed record PointDecoding : DecodingContract
{
    public PointJudgementDecoding Judgement { get; init; } = new();
    public RefinementDecoding Refinement { get; init; } = new();

    /// <summary>Null for a model that does not look at the crops about the points of a first look.</summary>
    public PointRefinementDecoding? PointRefinement { get; init; }

    /// <summary>Returns the decoding with all that a model which looks at such crops needs.</summary>
    /// <param name="crop">Null for whole images.</param>
    public PointDecoding Of(InputCrop? crop) => PointRefinement is null && crop is { Region: CropRegion.Point }
        ? this with { PointRefinement = new() }
        : this;

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
            .. PointRefinement?.Rehearse(random) ?? [],
        ];
    }
}

/// <summary>Says from which values on a person is asked to check the finding.</summary>
internal sealed record PointJudgementDecoding
{
    /// <summary>
    /// The lowest score that raises no doubt. With less than half of the heatmap near its peak, the point may lie
    /// elsewhere as well.
    /// </summary>
    [Range(0.0, 1.0)]
    public double LeastScore { get; init; } = 0.5;
}

/// <summary>Says how refined corners and those of the detector are combined.</summary>
internal sealed record RefinementDecoding
{
    /// <summary>
    /// The weight of the refined corners; the detector's corners have the rest, and their errors differ. On validation
    /// films the expected angles had the smallest SMAPE with 0.7 behind the small detector of
    /// recipes/spine-two-stage.yaml, and with 0.3 behind the larger one of recipes/spine-densenet.yaml. With 0.5 both
    /// improve, and tilts have the smallest errors.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Share { get; init; } = 0.5;

    /// <summary>
    /// The largest distance that a vertebra may move, as a share of its height. Beyond that it would be the neighbour.
    /// </summary>
    [Range(0.0, 2.0)]
    public double MostMoveHeights { get; init; } = 0.5;

    /// <summary>
    /// Returns the mean of both. Returns what the detector saw when the refined corners form no vertebra, or another
    /// one.
    /// </summary>
    public Vertebra Mix(in Vertebra before, in Vertebra refined) =>
        Vertebra.Refine(before, refined, Share, MostMoveHeights);
}

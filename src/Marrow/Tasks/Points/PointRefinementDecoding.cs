using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;

namespace Marrow.Tasks.Points;

/// <summary>
/// Says how a model that sees the crop about each point looks, and what its looks come to. It stands in checkpoints of
/// such models alone.
/// </summary>
internal sealed record PointRefinementDecoding
{
    /// <summary>
    /// How many times crops are cut: first about the first look's points, then about those found in them. On 23 lateral
    /// head films a second pass took a hundredth off the mean error, for twice the time, and a third one nothing.
    /// </summary>
    [Range(1, 4)]
    public int Passes { get; init; } = 1;

    /// <summary>
    /// How far from the middle of another point's crop, as a share of its side along either axis, a point may lie for
    /// that crop to count as well; 0 asks each point's own crop alone. On those films 0.3 and 0.4 took four hundredths
    /// off the mean error, and 0.5, at which a crop shows too little of what is around the point, made it larger.
    /// </summary>
    [Range(0.0, 0.5)]
    public double NeighbourReach { get; init; } = 0.3;

    /// <summary>
    /// The largest distance that a point may move from where the first look saw it, as a share of the crop's side.
    /// Beyond that it stays where it was, and a person is asked to look.
    /// </summary>
    [Range(0.0, 2.0)]
    public double MostMoveShare { get; init; } = 0.5;

    /// <summary>
    /// For each point the one that takes its place in a mirror image, where the mirror image of each crop is looked at
    /// too; empty where it is not, as of heads that look to one side.
    /// </summary>
    public IReadOnlyList<int> Mirrored { get; init; } = [];

    /// <summary>Returns what the decoding does where each crop is looked at once.</summary>
    public PointRefinementDecoding Once() => this with { Passes = 1, NeighbourReach = 0, Mirrored = [] };

    /// <summary>
    /// Returns a point as several looks see it: the mean of the places by their scores, and of the scores.
    /// </summary>
    public static SeenPoint Mix(IReadOnlyList<SeenPoint> looks)
    {
        var total = looks.Sum(look => look.Score);
        return total > 0
            ? new(
                new(
                    looks.Sum(look => look.Score * look.Place.X) / total,
                    looks.Sum(look => look.Score * look.Place.Y) / total),
                total / looks.Count)
            : looks[0];
    }

    /// <summary>Returns the points of a crop as it and its mirror image show them together.</summary>
    /// <param name="mirrored">See <see cref="Mirrored"/>.</param>
    /// <param name="width">Of the crop, in the unit of the places.</param>
    public static SeenPoint[] MixMirrored(
        IReadOnlyList<SeenPoint> upright, IReadOnlyList<SeenPoint> onMirror, IReadOnlyList<int> mirrored, int width) =>
    [
        .. upright.Select((point, k) =>
        {
            var (place, score) = onMirror[mirrored[k]];
            return Mix([point, new(new(width - place.X, place.Y), score)]);
        }),
    ];

    /// <summary>
    /// Returns the decoding that looks at mirror images where, over all of these looks, both together lie closer to the
    /// labels than the crops by themselves.
    /// </summary>
    /// <param name="mirrored">What <see cref="Mirrored"/> would be; empty where nothing can be mirrored.</param>
    /// <param name="width">Of the crops, in the unit of the places.</param>
    internal PointRefinementDecoding Choose(
        IReadOnlyList<int> mirrored, IReadOnlyList<MirrorTrial> looks, int width)
    {
        var alone = looks.Sum(look => DistanceOf(look.Upright, look.Truth));
        var both = looks.Sum(look =>
            DistanceOf(MixMirrored(look.Upright, look.OnMirror, mirrored, width), look.Truth));
        return this with { Mirrored = both < alone ? [.. mirrored] : [] };

        static double DistanceOf(IReadOnlyList<SeenPoint> seen, IReadOnlyList<Point2D> truth) =>
            seen.Zip(truth).Where(p => DetectedPoints.IsPlace(p.Second)).Sum(p => p.First.Place.DistanceTo(p.Second));
    }

    /// <summary>
    /// Returns each point as the crops of a pass show it, in original pixels; null for one without a crop.
    /// </summary>
    /// <param name="crops">[K]; null where there is nothing to look at.</param>
    /// <param name="seen">[crop][point]: each point in each crop, in original pixels.</param>
    public SeenPoint?[] Gather(IReadOnlyList<ImageCrop?> crops, IReadOnlyList<SeenPoint[]?> seen) =>
    [
        .. crops.Select((own, k) => own is null
            ? (SeenPoint?)null
            : Mix([seen[k]![k], .. Enumerable.Range(0, crops.Count)
                .Where(other => other != k && Shows(crops[other], seen[k]![k].Place))
                .Select(other => seen[other]![k])])),
    ];

    /// <summary>Returns false for a point that has moved so far that the first look's place is kept.</summary>
    /// <param name="side">Of the crop, in pixels as the places.</param>
    public bool Takes(Point2D first, Point2D refined, double side) =>
        DetectedPoints.IsPlace(refined) && first.DistanceTo(refined) <= MostMoveShare * side;

    /// <summary>
    /// Sets the points of a first look anew, pass by pass. Returns them in the order of the first look's.
    /// </summary>
    /// <param name="side">Of the square about each point, as a share of the image's longer side.</param>
    /// <param name="look">
    /// Returns what each of some crops shows, [crop][point] in original pixels; null for a crop that is null.
    /// </param>
    public IReadOnlyList<RefinedPoint> Refine(
        DetectedPoints first, double side, Func<IReadOnlyList<ImageCrop?>, IReadOnlyList<SeenPoint[]?>> look)
    {
        var (at, seen) = (first, new SeenPoint?[first.Places.Count]);
        for (var pass = 0; pass < Passes; pass++)
        {
            var crops = at.Crops(side);
            seen = Gather(crops, look(crops));
            at = at with { Places = [.. seen.Select(point => point?.Place ?? new(double.NaN, double.NaN))] };
        }
        return
        [
            .. first.Places.Select((place, k) =>
                !DetectedPoints.IsPlace(place) ? new RefinedPoint(null, 0, false)
                : seen[k] is { } refined && Takes(place, refined.Place, first.Pixels(side))
                    ? new(refined.Place, refined.Score, false)
                    : new(place, first.Scores[k], true)),
        ];
    }

    /// <summary>
    /// Points are put at random, the first look errs by some of the crop and knows nothing of one point, and what is
    /// seen in a crop lies the nearer to the true place the nearer that is to the crop's middle. Where mirror images
    /// are looked at, what a crop and its mirror image show is drawn for itself, since how many points there are
    /// follows from the decoding.
    /// </summary>
    internal IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int cases = 16, points = 4, image = 200;
        const double side = 0.2;
        var (places, scores, kept) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < cases; i++)
        {
            Point2D[] truth = [.. Enumerable.Range(0, points).Select(_ => Within(60))];
            var first = new DetectedPoints(
                image,
                image,
                [
                    .. truth.Select((place, k) => k == i ? new(double.NaN, double.NaN)
                        : place + Within(i * side * image / cases)),
                ],
                [.. truth.Select(_ => random.NextDouble())]);
            var refined = Refine(first, side, crops =>
            [
                .. crops.Select(crop => crop is null ? null : truth.Select(place => new SeenPoint(
                    place + (crop.Center - place) * 0.3 + Within(2), random.NextDouble())).ToArray()),
            ]);
            places.AddRange(refined.SelectMany(p => p.Place is { } place ? (double[])[place.X, place.Y] : []));
            scores.AddRange(refined.Select(point => point.Score));
            kept.AddRange(refined.Select(point => point.StaysPut ? 1.0 : 0));
        }
        return
        [
            new("pointRefinement.places", places),
            new("pointRefinement.scores", scores),
            new("pointRefinement.kept", kept),
            new(
                "pointRefinement.mirrored",
                [
                    .. MixMirrored(Seen(), Seen(), Mirrored, image)
                        .SelectMany(look => (double[])[look.Place.X, look.Place.Y, look.Score]),
                ]),
        ];

        SeenPoint[] Seen() => [.. Mirrored.Select(_ => new SeenPoint(Within(image), random.NextDouble()))];

        Point2D Within(double reach) => new(random.Uniform(-reach, reach), random.Uniform(-reach, reach));
    }

    private bool Shows(ImageCrop? crop, Point2D place)
    {
        if (crop is null || NeighbourReach == 0)
            return false;
        var at = crop.ToCrop.Apply(place);
        return Math.Abs(at.X / crop.Width - 0.5) <= NeighbourReach
            && Math.Abs(at.Y / crop.Height - 0.5) <= NeighbourReach;
    }

    public bool Equals(PointRefinementDecoding? other) =>
        other is not null
        && (Passes, NeighbourReach, MostMoveShare) == (other.Passes, other.NeighbourReach, other.MostMoveShare)
        && Mirrored.SequenceEqual(other.Mirrored);

    public override int GetHashCode() => HashCode.Combine(Passes, NeighbourReach, MostMoveShare, Mirrored.Count);
}

/// <summary>Where one look sees a point, and the share of its heatmap there.</summary>
internal readonly record struct SeenPoint(Point2D Place, double Score);

/// <summary>A point after a second look.</summary>
/// <param name="Place">In original pixels; null where the first look found none.</param>
/// <param name="StaysPut">True where the second look would have moved it too far, so that it stays as it was.</param>
internal readonly record struct RefinedPoint(Point2D? Place, double Score, bool StaysPut);

/// <summary>What a crop and its mirror image show, each in its own pixels, and the labels of the crop.</summary>
internal readonly record struct MirrorTrial(
    IReadOnlyList<SeenPoint> Upright, IReadOnlyList<SeenPoint> OnMirror, IReadOnlyList<Point2D> Truth);

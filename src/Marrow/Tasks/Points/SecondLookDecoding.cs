using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;

namespace Marrow.Tasks.Points;

/// <summary>
/// Says how a model that sees the crop about each point looks, and what its looks come to. It stands in checkpoints of
/// such models alone.
/// </summary>
internal sealed record SecondLookDecoding
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
    public SecondLookDecoding Once() => this with { Passes = 1, NeighbourReach = 0, Mirrored = [] };

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
    /// Points are put at random, the first look errs by some of the crop, and what is seen in a crop lies the nearer to
    /// the true place the nearer that is to the crop's middle.
    /// </summary>
    internal IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int cases = 16, points = 4;
        const double side = 40;
        var (places, scores) = (new List<double>(), new List<double>());
        for (var i = 0; i < cases; i++)
        {
            Point2D[] truth = [.. Enumerable.Range(0, points).Select(_ => Within(60))];
            Point2D[] first = [.. truth.Select(place => place + Within(i * side / cases))];
            var at = first;
            for (var pass = 0; pass < Passes; pass++)
            {
                ImageCrop[] crops = [.. at.Select(place => new ImageCrop(place, side, side))];
                var seen = Gather(crops, [.. crops.Select(crop => truth.Select(place => new SeenPoint(
                    place + (crop.Center - place) * 0.3 + Within(2), random.NextDouble())).ToArray())]);
                at = [.. seen.Select(point => point!.Value.Place)];
                scores.AddRange(seen.Select(point => point!.Value.Score));
            }
            places.AddRange(first.Zip(at, (before, after) => Takes(before, after, side) ? after : before)
                .SelectMany(place => (double[])[place.X, place.Y]));
        }
        return
        [
            new("secondLook.places", places),
            new("secondLook.scores", scores),
            new("secondLook.mirrored", [.. Mirrored.Select(k => (double)k)]),
        ];

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

    public bool Equals(SecondLookDecoding? other) =>
        other is not null
        && (Passes, NeighbourReach, MostMoveShare) == (other.Passes, other.NeighbourReach, other.MostMoveShare)
        && Mirrored.SequenceEqual(other.Mirrored);

    public override int GetHashCode() => HashCode.Combine(Passes, NeighbourReach, MostMoveShare, Mirrored.Count);
}

/// <summary>Where one look sees a point, and the share of its heatmap there.</summary>
internal readonly record struct SeenPoint(Point2D Place, double Score);

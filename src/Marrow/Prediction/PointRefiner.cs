using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks.Crops;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Sets named points anew by a second look at the image's own resolution: it cuts a square about each point that the
/// first look found and asks for that point in it, and in the mirror image and in the crops of other points where the
/// decoding says so.
/// </summary>
/// <param name="input">The input of the model that sees the crops.</param>
/// <param name="look">Finds all points in each of several crops, in input pixels.</param>
internal sealed class PointRefiner(
    InputContract input,
    SecondLookDecoding decoding,
    Func<IReadOnlyList<PackedImage>, IReadOnlyList<SeenPoint[]>> look)
{
    private const int MostCrops = 32; // at once, whatever the number of points: bounds memory

    /// <summary>Looks with a model whose task has a decoding of second looks.</summary>
    /// <param name="fast">True to look at each crop once.</param>
    public static PointRefiner Of(PointsTask task, Compute compute, bool fast = false)
    {
        var decoding = fast ? task.Decoding.SecondLook!.Once() : task.Decoding.SecondLook!;
        return new(task.Input, decoding, crops =>
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            return task.PointsOnBothSides(Preprocessor.ToTensor(crops, task.Input), decoding.Mirrored, compute);
        });
    }

    /// <summary>Returns the points in the order of the first look's.</summary>
    public IReadOnlyList<RefinedPoint> Refine(Radiograph film, DetectedPoints first)
    {
        var (at, seen) = (first, new SeenPoint?[first.Places.Count]);
        var crop = input.Crop!;
        for (var pass = 0; pass < decoding.Passes; pass++)
        {
            var crops = CropKind.Of(crop.Region).Crops(crop, at);
            seen = decoding.Gather(crops, Look(film, crops));
            at = at with { Places = [.. seen.Select(point => point?.Place ?? new(double.NaN, double.NaN))] };
        }
        return
        [
            .. seen.Select((point, k) => point is not { } refined
                ? new RefinedPoint(null, 0, false)
                : decoding.Takes(first.Places[k], refined.Place, first.Pixels(crop.Side!.Value))
                    ? new(refined.Place, refined.Score, false)
                    : new(first.Places[k], first.Scores[k], true)),
        ];
    }

    /// <summary>Returns each point as each crop shows it, [crop][point]; null where there is no crop.</summary>
    private SeenPoint[]?[] Look(Radiograph film, IReadOnlyList<ImageCrop?> crops)
    {
        var seen = new SeenPoint[]?[crops.Count];
        foreach (var some in crops.Index().Where(crop => crop.Item is not null).Chunk(MostCrops))
        {
            PackedImage[] packed = [.. some.Select(crop => Preprocessor.Prepare(film, input, crop.Item!))];
            foreach (var ((index, _), image, points) in some.Zip(packed, look(packed)))
            {
                var toFilm = image.ToInput.Invert();
                seen[index] = [.. points.Select(point => point with { Place = toFilm.Apply(point.Place) })];
            }
        }
        return seen;
    }
}

/// <summary>A point after a second look.</summary>
/// <param name="Place">In original pixels; null where the first look found none.</param>
/// <param name="StaysPut">True where the second look would have moved it too far, so that it stays as it was.</param>
internal readonly record struct RefinedPoint(Point2D? Place, double Score, bool StaysPut);

using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks.Crops;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Sets named points anew by a second look at the image's own resolution: it cuts a square about each point that the
/// first look found and asks the model for that point in it, and in the mirror image and in the crops of other points
/// where the decoding says so.
/// </summary>
/// <param name="fast">True to look at each crop once.</param>
internal sealed class PointRefiner(PointsTask task, Compute compute, bool fast = false)
{
    private const int MostCrops = 32; // at once, whatever the number of points: bounds memory

    private readonly SecondLookDecoding _decoding = fast ? task.Decoding.SecondLook!.Once : task.Decoding.SecondLook!;

    /// <summary>Returns the points in the order of the first look's.</summary>
    public IReadOnlyList<RefinedPoint> Refine(Radiograph film, DetectedPoints first)
    {
        var (at, seen) = (first, new SeenPoint?[first.Places.Count]);
        var crop = task.Input.Crop!;
        for (var pass = 0; pass < _decoding.Passes; pass++)
        {
            var crops = CropKind.Of(crop.Region).Crops(crop, at);
            seen = _decoding.Gather(crops, Look(film, crops));
            at = at with { Places = [.. seen.Select(point => point?.Place ?? new(double.NaN, double.NaN))] };
        }
        return
        [
            .. seen.Select((point, k) => point is not { } refined
                ? new RefinedPoint(null, 0, false)
                : _decoding.Takes(first.Places[k], refined.Place, first.Pixels(crop.Side!.Value))
                    ? new(refined.Place, refined.Score, false)
                    : new(first.Places[k], first.Scores[k], true)),
        ];
    }

    /// <summary>Returns each point as each crop shows it, [crop][point]; null where there is no crop.</summary>
    private SeenPoint[]?[] Look(Radiograph film, IReadOnlyList<ImageCrop?> crops)
    {
        using var noGrad = no_grad();
        var seen = new SeenPoint[]?[crops.Count];
        foreach (var some in crops.Index().Where(crop => crop.Item is not null).Chunk(MostCrops))
        {
            using var scope = NewDisposeScope();
            PackedImage[] packed = [.. some.Select(crop => Preprocessor.Prepare(film, task.Input, crop.Item!))];
            var found = task.PointsOnBothSides(
                Preprocessor.ToTensor(packed, task.Input), _decoding.Mirrored, compute);
            foreach (var ((index, _), image, points) in some.Zip(packed, found))
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

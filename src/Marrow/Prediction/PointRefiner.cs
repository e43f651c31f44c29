using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
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
    PointRefinementDecoding decoding,
    Func<IReadOnlyList<PackedImage>, IReadOnlyList<SeenPoint[]>> look)
{
    private const int MostPixels = 1 << 20; // of the crops that are looked at in one go: bounds memory

    /// <summary>Looks with a model whose task has a decoding of second looks.</summary>
    /// <param name="fast">True to look at each crop once.</param>
    public static PointRefiner Of(PointsTask task, Compute compute, bool fast = false)
    {
        var decoding = fast ? task.Decoding.PointRefinement!.Once() : task.Decoding.PointRefinement!;
        return new(task.Input, decoding, crops =>
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            return task.PointsOnBothSides(Preprocessor.ToTensor(crops, task.Input), decoding.Mirrored, compute);
        });
    }

    /// <summary>Returns the points in the order of the first look's.</summary>
    public IReadOnlyList<RefinedPoint> Refine(Radiograph film, DetectedPoints first) =>
        decoding.Refine(first, input.Crop!.Side!.Value, crops => Look(film, crops));

    /// <summary>Returns each point as each crop shows it, [crop][point]; null where there is no crop.</summary>
    private SeenPoint[]?[] Look(Radiograph film, IReadOnlyList<ImageCrop?> crops)
    {
        var seen = new SeenPoint[]?[crops.Count];
        var atOnce = Math.Max(1, MostPixels / (input.Width * input.Height));
        foreach (var some in crops.Index().Where(crop => crop.Item is not null).Chunk(atOnce))
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

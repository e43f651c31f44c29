// Strips in training: at each step the curve is moved a little, and a new strip is cut along it out of the packed one.
// Data flow: the items' places in the packed strip -> moved at random -> a strip along them, zoomed, shifted and
// mirrored as drawn -> pixels, points and expected places in it.

using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Inputs;

/// <summary>Renders the strip of one sample in one epoch.</summary>
internal static class StripSampler
{
    /// <param name="packed">The strip that is packed.</param>
    /// <param name="options">
    /// Null for no change but that of the curve: a strip along the very labels would make a measurement look better
    /// than any prediction can be.
    /// </param>
    /// <param name="random">A stream of this sample's own.</param>
    public static BatchSample Render(
        Sample sample,
        StraightStrip packed,
        InputContract contract,
        AugmentationOptions? options,
        SeededRandom random,
        ReadOnlySpan<byte> pixels,
        AugmentedRenderer renderer,
        Span<float> output)
    {
        var bounds = options ?? new() { Strength = 0, CutoutProbability = 0, Curve = new AugmentationOptions().Curve };
        var augmentation = Augmentation.Draw(random, bounds, contract.Width, contract.Height);
        Point2D[] items = [.. sample.Curve.Select(packed.ToStrip)];
        var spacing = Point2D.MeanDistance(items);
        Point2D[] moved = [.. items.Select(p => p + Draw(random, bounds.Curve * spacing))];
        var shift = Draw(random, options is null ? 0 : bounds.Curve * spacing);
        var strip = new StraightStrip(moved, LayoutOf(contract, augmentation.Geometry) with
        {
            Shift = (shift.X, shift.Y),
        });
        var implants = augmentation.HasImplants
            ? augmentation.ImplantsAlong([.. sample.Vertebrae.Select(v => new Vertebra(
                ToStrip(v.TopLeft), ToStrip(v.TopRight), ToStrip(v.BottomLeft), ToStrip(v.BottomRight)))])
            : null;
        renderer.Render(pixels, strip, augmentation with { Implants = implants }, output);
        var mirrored = strip.Layout.Mirrored;
        return new(sample, AffineTransform.Identity, sample.Targets with
        {
            Points =
            [
                .. sample.Points.Select((_, k) => sample.Points[mirrored ? sample.MirroredPoints[k] : k])
                    .Select(p => double.IsNaN(p.X) ? p : ToStrip(p)),
            ],
        })
        {
            Expected = [.. moved.Select(strip.ToStrip)],
            StripToOriginal = p => packed.ToImage(strip.ToImage(p)),
        };

        Point2D ToStrip(Point2D original) => strip.ToStrip(packed.ToStrip(original));
    }

    /// <summary>Zoom and mirroring as they were drawn; a strip is upright by its making, so it is not turned.</summary>
    private static StripLayout LayoutOf(InputContract contract, AffineTransform geometry)
    {
        var determinant = geometry.A * geometry.E - geometry.B * geometry.D;
        return contract.StripLayout with { Zoom = Math.Sqrt(Math.Abs(determinant)), Mirrored = determinant < 0 };
    }

    private static Point2D Draw(SeededRandom random, double sigma) =>
        new(random.NextGaussian() * sigma, random.NextGaussian() * sigma);
}

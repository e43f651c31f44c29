using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;
using Marrow.Tasks.Strip;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Finds the points of items along a curve anew: it lays the curve straight at the film's own resolution, lets one or
/// several networks look at the strip in several sizes and mirrored, brings their points back to the film and averages
/// them; then once more along the curve of what was found. At last they are averaged with what the curve is made of.
/// </summary>
/// <param name="fast">True to let the first network look once: one pass, in the strip's own size, not mirrored.</param>
internal sealed class StripRefiner(IReadOnlyList<StripTask> tasks, Compute compute, bool fast = false)
{
    private readonly IReadOnlyList<(StripTask Task, StripLooksDecoding Looks)> _networks =
    [
        .. tasks.Take(fast ? 1 : tasks.Count)
            .Select(task => (task, fast ? StripLooksDecoding.Once : task.Decoding.Looks)),
    ];

    /// <summary>Returns the refined vertebrae, which the curve's items are.</summary>
    /// <param name="vertebrae">What another model saw, in the film's pixels.</param>
    /// <param name="looks">Is given what each look of each pass shows; null to keep nothing.</param>
    public IReadOnlyList<Vertebra> Refine(Radiograph film, IReadOnlyList<Vertebra> vertebrae, SpineLooks? looks = null)
    {
        var before = vertebrae;
        // A network's own number of passes may be smaller than another's.
        for (var pass = 0; pass < _networks.Max(network => network.Looks.Passes); pass++)
        {
            IReadOnlyList<Point2D> curve = [.. vertebrae.Select(v => v.Center)];
            var seen = new StripLooks([.. _networks.Where(network => pass < network.Looks.Passes)
                .SelectMany(network => Look(film, curve, network.Task, network.Looks.ZoomFactors(pass)))]);
            seen.Keep(looks);
            vertebrae = seen.Vertebrae;
        }
        return _networks[0].Task.Decoding.Refinement.Mix(before, vertebrae);
    }

    /// <summary>All looks of one network at the strip of a curve: the items' points in the film's pixels.</summary>
    private IReadOnlyList<Point2D[]> Look(
        Radiograph film, IReadOnlyList<Point2D> curve, StripTask task, IReadOnlyList<double> zooms)
    {
        using var scope = NewDisposeScope();
        var layout = task.Input.StripLayout;
        StraightStrip[] strips =
        [
            .. zooms.Select(zoom => new StraightStrip(curve, layout with { Zoom = zoom })),
        ];
        var images = Preprocessor.ToTensor(
            [.. strips.Select(strip => Preprocessor.PrepareStrip(film, task.Input, strip))], task.Input);
        Point2D[][] expected = [.. strips.Select(strip => curve.Select(strip.ToStrip).ToArray())];
        var mirror = new AffineTransform(-1, 0, layout.Width, 0, 1, 0);
        Point2D[][] expectedOnMirror = fast ? [] : [.. expected.Select(e => e.Select(mirror.Apply).ToArray())];
        var shown = compute.Arrange(fast ? images : cat([images, images.flip(3)]));
        var found = task.Find(shown, [.. expected, .. expectedOnMirror], compute);
        var exchanged = StripSamples.Mirrored(task.PointsPerItem);
        return
        [
            .. found.Select((points, look) => look < strips.Length
                ? points.Select(strips[look].ToImage).ToArray()
                : [.. points.Select((_, k) => strips[look - strips.Length].ToImage(
                    mirror.Apply(points[k - k % exchanged.Count + exchanged[k % exchanged.Count]])))]),
        ];
    }
}

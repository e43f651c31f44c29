using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;
using Marrow.Spine;
using Marrow.Tasks.Intervals;

namespace Marrow.Tasks.Strip;

/// <summary>Says how strips are looked at in prediction and how the looks become points.</summary>
internal sealed record StripDecoding : CornersDecoding
{
    internal const int MostItems = 100;

    // Of a made-up vertebra, in strip pixels from its centre.
    private static readonly Point2D[] CornersOfOne = [new(-28, -14), new(28, -14), new(-28, 14), new(28, 14)];

    public StripLooksDecoding Looks { get; init; } = new();
    public StripAnglesDecoding Angles { get; init; } = new();

    /// <summary>
    /// Spines that bend at random are laid straight as often as the contract says, and each look errs at random.
    /// </summary>
    internal override IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int cases = 4, width = 600, height = 2000;
        const double pixels = 3; // of a look's error
        var (places, degrees) = (new List<double>(), new List<double>());
        for (var i = 0; i < cases; i++)
        {
            var (bend, phase) = (random.Uniform(20, 60), random.Uniform(0, 6));
            var curve = Enumerable.Range(0, Vertebra.Count)
                .Select(v => new Point2D(width / 2.0 + bend * Math.Sin(phase + v * 0.4), 150 + 100 * v)).ToList();
            var layout = new StripLayout(128, 896, 0.1);
            for (var pass = 0; pass < Looks.Passes; pass++)
            {
                var looks = Looks.ZoomFactors.Select(zoom => new StraightStrip(curve, layout with { Zoom = zoom }))
                    .Select(strip => curve.SelectMany(center => Corners(strip, strip.ToStrip(center))).ToArray());
                var found = new StripLooks([.. looks]).Vertebrae;
                curve = [.. found.Select(v => v.Center)];
                places.AddRange(found.SelectMany(v => (double[])[v.TopLeft.X, v.TopLeft.Y, v.Axis.Y]));
                degrees.AddRange(CobbExpectation.Degrees(
                    found, height, Angles.TiltErrorDegrees, Angles.ExpectsLargest));
            }
        }
        return
        [
            new("places", places), new("expectedDegrees", degrees), .. Calibration?.Rehearse(random) ?? [],
        ];

        Point2D[] Corners(StraightStrip strip, Point2D center) =>
            [.. CornersOfOne.Select(c => strip.ToImage(
                center + new Point2D(c.X + pixels * random.NextGaussian(), c.Y + pixels * random.NextGaussian())))];
    }
}

/// <summary>Says how corners become angles.</summary>
internal sealed record StripAnglesDecoding
{
    /// <summary>
    /// The standard deviation of a tilt's error that is not common to its neighbours, the weights' and the marks' own,
    /// from which the expected angles follow. Of 1, 1.5, 2 and 2.5 degrees this gave the smallest SMAPE out of fold.
    /// </summary>
    [Range(0.0, 20.0)]
    public double TiltErrorDegrees { get; init; } = 1.5;

    /// <summary>
    /// True when the expected cobb1 is a mean over spines with such errors, as cobb2 and cobb3 are; false when it is
    /// the angle as drawn. Out of fold the drawn one is about two degrees smaller than that of the marks.
    /// </summary>
    public bool ExpectsLargest { get; init; } = true;
}

/// <summary>Says how often, and how enlarged, each strip is looked at.</summary>
internal sealed record StripLooksDecoding
{
    /// <summary>One look: one pass, in the strip's own size.</summary>
    internal static readonly StripLooksDecoding Once = new() { Passes = 1, Zooms = 0 };

    /// <summary>
    /// How many times the curve is laid straight: first along the points of another model, then along those that the
    /// strip gave.
    /// </summary>
    [Range(1, 4)]
    public int Passes { get; init; } = 2;

    /// <summary>
    /// In each pass the strip is seen in its own size, and so many times larger and smaller by steps of
    /// <see cref="ZoomStep"/>; each of them also mirrored. The points are the means.
    /// </summary>
    [Range(0, 3)]
    public int Zooms { get; init; } = 1;

    /// <summary>The factor between two sizes, less 1.</summary>
    [Range(0.0, 0.5)]
    public double ZoomStep { get; init; } = 0.06;

    internal IReadOnlyList<double> ZoomFactors =>
        [.. Enumerable.Range(-Zooms, 2 * Zooms + 1).Select(z => Math.Pow(1 + ZoomStep, z))];
}

using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;
using Marrow.Spine;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Intervals;

namespace Marrow.Tasks.Strip;

/// <summary>Says how strips are looked at in prediction and how the looks become points.</summary>
internal sealed record StripDecoding : CornersDecoding
{
    internal const int MostItems = 100;

    // Of a made-up vertebra, in strip pixels from its centre.
    private static readonly Point2D[] CornersOfOne = [new(-28, -14), new(28, -14), new(-28, 14), new(28, 14)];

    public StripLooksDecoding Looks { get; init; } = new();
    public StripRefinementDecoding Refinement { get; init; } = new();
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
            IReadOnlyList<Vertebra> before = [.. curve.Select(Upright)], refined = before;
            for (var pass = 0; pass < Looks.Passes; pass++)
            {
                var looks = Looks.ZoomFactors(pass)
                    .Select(zoom => new StraightStrip(curve, layout with { Zoom = zoom }))
                    .Select(strip => curve.SelectMany(center => Corners(strip, strip.ToStrip(center))).ToArray());
                var found = new StripLooks([.. looks]).Vertebrae;
                curve = [.. found.Select(v => v.Center)];
                places.AddRange(found.SelectMany(v => (double[])[v.TopLeft.X, v.TopLeft.Y, v.Axis.Y]));
                degrees.AddRange(CobbExpectation.Degrees(found, height, Angles.Errors));
                refined = found;
            }
            var expected = CobbExpectation.Degrees(Refinement.Mix(before, refined), height, Angles.Errors);
            degrees.AddRange(Angles.Mix(expected, [.. expected.Select(angle => angle + random.Uniform(-30, 30))]));
        }
        return
        [
            new("places", places), new("expectedDegrees", degrees), .. Calibration?.Rehearse(random) ?? [],
        ];

        static Vertebra Upright(Point2D center) =>
            new(center + CornersOfOne[0], center + CornersOfOne[1], center + CornersOfOne[2], center + CornersOfOne[3]);

        Point2D[] Corners(StraightStrip strip, Point2D center) =>
            [.. CornersOfOne.Select(c => strip.ToImage(
                center + new Point2D(c.X + pixels * random.NextGaussian(), c.Y + pixels * random.NextGaussian())))];
    }
}

/// <summary>Says how the strip's vertebrae and those of the model that found the curve are combined.</summary>
internal sealed record StripRefinementDecoding
{
    /// <summary>
    /// The weight of the strip's corners; those of the model that found the curve have the rest, and their errors
    /// differ.
    /// </summary>
    [Range(0.0, 1.0)]
    public double Share { get; init; } = 0.65;

    /// <summary>The largest distance that a vertebra may move, as a share of its height; else it stays.</summary>
    [Range(0.0, 2.0)]
    public double MostMoveHeights { get; init; } = 0.4;

    /// <summary>The most that a vertebra may turn; else it stays.</summary>
    [Range(0.0, 180.0)]
    public double MostTurnDegrees { get; init; } = 10;

    /// <summary>Returns each vertebra as both see it.</summary>
    public IReadOnlyList<Vertebra> Mix(IReadOnlyList<Vertebra> before, IReadOnlyList<Vertebra> refined) =>
        [.. before.Zip(refined, (b, r) => Vertebra.Refine(b, r, Share, MostMoveHeights, MostTurnDegrees))];
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
    /// The standard deviation of a vertebra's place to the left and right, as a share of the mean distance of
    /// neighbours. It says how sure it is on which side of the line from the first to the last a vertebra lies, which
    /// decides what cobb2 and cobb3 are.
    /// </summary>
    [Range(0.0, 1.0)]
    public double SidewaysErrorShare { get; init; } = 0.06;

    /// <summary>
    /// How many times larger than found the tilts are where a person marks them: a network errs towards the level.
    /// </summary>
    [Range(0.5, 2.0)]
    public double TiltGain { get; init; } = 1.02;

    /// <summary>
    /// True when the expected cobb1 is a mean over spines with such errors, as cobb2 and cobb3 are; false when it is
    /// the angle as drawn. Out of fold the drawn one is about two degrees smaller than that of the marks.
    /// </summary>
    public bool ExpectsLargest { get; init; } = true;

    /// <summary>
    /// How much a regressor's angles count beside those of the strip's corners, in place of what the regressor was
    /// made to count beside a detector alone.
    /// </summary>
    [Range(0.0, 1.0)]
    public double RegressorShare { get; init; }

    /// <summary>Returns the mixture of the corners' expected angles and a regressor's.</summary>
    public IReadOnlyList<double> Mix(IReadOnlyList<double> expected, IReadOnlyList<double> regressed) =>
        BesideDetectorDecoding.Mix(expected, regressed, 1 - RegressorShare);

    internal MarkErrors Errors => new()
    {
        TiltDegrees = TiltErrorDegrees,
        SidewaysShare = SidewaysErrorShare,
        TiltGain = TiltGain,
        LargestToo = ExpectsLargest,
    };
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
    /// In each pass the strip is seen in its own size; in the last one also so many times larger and smaller by steps
    /// of <see cref="ZoomStep"/>. Each of them is also seen mirrored, and the points are the means.
    /// </summary>
    [Range(0, 3)]
    public int Zooms { get; init; } = 1;

    /// <summary>The factor between two sizes, less 1.</summary>
    [Range(0.0, 0.5)]
    public double ZoomStep { get; init; } = 0.06;

    /// <summary>The sizes in which the strip is seen in a pass, from 0; those before the last find the curve.</summary>
    internal IReadOnlyList<double> ZoomFactors(int pass) =>
        pass < Passes - 1 ? [1] : [.. Enumerable.Range(-Zooms, 2 * Zooms + 1).Select(z => Math.Pow(1 + ZoomStep, z))];
}

// What the three angles are likely to be, given that corners are measured with an error. Where two curves of a spine
// are nearly equal, the data set's definition takes the larger for cobb1, and cobb2 and cobb3 are then quite different
// angles than if it had taken the other: half a degree decides. The mean over spines as they may be does not jump. And
// cobb1 is the largest of many differences: where a person marks a spine, the marks' own errors make it larger than it
// would be along the end plates as they are, so that the mean over spines as they may be marked is larger too.

using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>How found corners differ from those that a person would mark.</summary>
internal sealed record MarkErrors
{
    /// <summary>Standard deviation of a vertebra's tilt, about its centre; 0 for none.</summary>
    public double TiltDegrees { get; init; }

    /// <summary>
    /// Standard deviation of a vertebra's place to the left and right, as a share of the mean distance of neighbours.
    /// </summary>
    public double SidewaysShare { get; init; }

    /// <summary>How many times larger than found the tilts are on average: a network errs towards the level.</summary>
    public double TiltGain { get; init; } = 1;

    /// <summary>False to leave cobb1 as <see cref="CobbAngles.Measure"/> has it.</summary>
    public bool LargestToo { get; init; }
}

internal static class CobbExpectation
{
    private const int Draws = 200;
    private const ulong Seed = 1;

    /// <summary>Returns the degrees of <see cref="Of"/> alone.</summary>
    public static IReadOnlyList<double> Degrees(
        IReadOnlyList<Vertebra> topToBottom, double imageHeight, MarkErrors errors) =>
        Of(topToBottom, imageHeight, errors).Degrees;

    /// <summary>
    /// cobb1, cobb2, cobb3 in degrees as their mean over spines whose vertebrae are turned, each about its centre, and
    /// moved by normal errors. Beside them stands the standard deviation of each over these spines. The same corners
    /// give the same angles. Throws as <see cref="CobbAngles.Measure"/>.
    /// </summary>
    public static (IReadOnlyList<double> Degrees, IReadOnlyList<double> Deviations) Of(
        IReadOnlyList<Vertebra> topToBottom, double imageHeight, MarkErrors errors)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(errors.TiltDegrees);
        var measured = CobbAngles.Measure(topToBottom, imageHeight).Degrees;
        if (errors.TiltDegrees == 0)
            return (measured, [.. measured.Select(_ => 0.0)]);
        var random = new SeededRandom(Seed);
        var sideways = errors.SidewaysShare * Vertebra.MeanDistance(topToBottom);
        double[] gained = [.. topToBottom.Select(v => (errors.TiltGain - 1) * v.TiltDegrees)];
        var likely = new Vertebra[topToBottom.Count];
        var drawn = new IReadOnlyList<double>[Draws];
        for (var draw = 0; draw < Draws; draw++)
        {
            for (var i = 0; i < likely.Length; i++)
            {
                likely[i] = topToBottom[i].Turned(gained[i] + random.NextGaussian() * errors.TiltDegrees);
                if (sideways > 0)
                    likely[i] = likely[i].Transform(AffineTransform.Translate(sideways * random.NextGaussian(), 0));
            }
            drawn[draw] = CobbAngles.Measure(likely, imageHeight).Degrees;
        }
        double[] means = [.. measured.Select((_, angle) => drawn.Sum(degrees => degrees[angle]) / Draws)];
        double[] deviations =
        [
            .. means.Select((mean, angle) =>
                Math.Sqrt(drawn.Sum(degrees => Math.Pow(degrees[angle] - mean, 2)) / (Draws - 1))),
        ];
        return ([errors.LargestToo ? means[0] : measured[0], means[1], means[2]], deviations);
    }
}

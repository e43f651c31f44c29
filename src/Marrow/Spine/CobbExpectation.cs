// What the three angles are likely to be, given that corners are measured with an error. Where two curves of a spine
// are nearly equal, the data set's definition takes the larger for cobb1, and cobb2 and cobb3 are then quite different
// angles than if it had taken the other: half a degree decides. The mean over spines as they may be does not jump. And
// cobb1 is the largest of many differences: where a person marks a spine, the marks' own errors make it larger than it
// would be along the end plates as they are, so that the mean over spines as they may be marked is larger too.

using Marrow.Imaging;

namespace Marrow.Spine;

internal static class CobbExpectation
{
    private const int Draws = 200;
    private const ulong Seed = 1;

    /// <summary>Returns the degrees of <see cref="Of"/> alone.</summary>
    public static IReadOnlyList<double> Degrees(
        IReadOnlyList<Vertebra> topToBottom, double imageHeight, double tiltErrorDegrees, bool largestToo = false) =>
        Of(topToBottom, imageHeight, tiltErrorDegrees, largestToo).Degrees;

    /// <summary>
    /// cobb1, cobb2, cobb3 in degrees as their mean over spines whose vertebrae are turned, each about its centre, by
    /// normal errors. Beside them stands the standard deviation of each over these spines. The same corners give the
    /// same angles. Throws as <see cref="CobbAngles.Measure"/>.
    /// </summary>
    /// <param name="tiltErrorDegrees">Standard deviation of the errors; 0 for none.</param>
    /// <param name="largestToo">False to leave cobb1 as <see cref="CobbAngles.Measure"/> has it.</param>
    public static (IReadOnlyList<double> Degrees, IReadOnlyList<double> Deviations) Of(
        IReadOnlyList<Vertebra> topToBottom, double imageHeight, double tiltErrorDegrees, bool largestToo = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(tiltErrorDegrees);
        var measured = CobbAngles.Measure(topToBottom, imageHeight).Degrees;
        if (tiltErrorDegrees == 0)
            return (measured, [.. measured.Select(_ => 0.0)]);
        var random = new SeededRandom(Seed);
        var turned = new Vertebra[topToBottom.Count];
        var drawn = new IReadOnlyList<double>[Draws];
        for (var draw = 0; draw < Draws; draw++)
        {
            for (var i = 0; i < turned.Length; i++)
            {
                var center = topToBottom[i].Center;
                turned[i] = topToBottom[i].Transform(AffineTransform.Translate(-center.X, -center.Y)
                    .Then(AffineTransform.Rotate(random.NextGaussian() * tiltErrorDegrees * Math.PI / 180))
                    .Then(AffineTransform.Translate(center.X, center.Y)));
            }
            drawn[draw] = CobbAngles.Measure(turned, imageHeight).Degrees;
        }
        double[] means = [.. measured.Select((_, angle) => drawn.Sum(degrees => degrees[angle]) / Draws)];
        double[] deviations =
        [
            .. means.Select((mean, angle) =>
                Math.Sqrt(drawn.Sum(degrees => Math.Pow(degrees[angle] - mean, 2)) / (Draws - 1))),
        ];
        return ([largestToo ? means[0] : measured[0], means[1], means[2]], deviations);
    }
}

using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;

namespace Marrow.Tasks.Cobb;

/// <summary>
/// Says how a regressor's angles are combined with those of a detector. Without a detector they are the finding.
/// </summary>
internal sealed record CobbDecoding : DecodingContract
{
    public BesideDetectorDecoding BesideDetector { get; init; } = new();

    internal override IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int cases = 16;
        var (mixed, apart) = (new List<double>(), new List<double>());
        for (var i = 0; i < cases; i++)
        {
            double[] expected = [.. Enumerable.Range(0, 3).Select(_ => random.Uniform(0, 60))];
            double[] regressed = [.. expected.Select(degrees => degrees + random.Uniform(-30, 30))];
            mixed.AddRange(BesideDetector.Mix(expected, regressed));
            apart.Add(BesideDetector.Doubt(expected[0], regressed[0]) is null ? 0 : 1);
        }
        return [new("cobbDegrees", mixed), new("apart", apart)];
    }
}

/// <summary>Says how the angles of detected corners and those of a regressor are combined.</summary>
internal sealed record BesideDetectorDecoding
{
    /// <summary>
    /// The weight of the corners' expected angles; the regressor's angles have the rest. The errors of the two differ,
    /// so that the mixture is better than either. Of 0, 0.1 ... 1 this weight gave the smallest SMAPE on the validation
    /// films of recipes/spine-densenet.yaml.
    /// </summary>
    [Range(0.0, 1.0)]
    public double LandmarkShare { get; init; } = 0.9;

    /// <summary>
    /// The largest difference, in degrees, between the angles of corners and regressor. When it is exceeded, one of
    /// them must be wrong.
    /// </summary>
    [Range(0.0, 180.0)]
    public double MostDegreesApart { get; init; } = 15;

    /// <summary>
    /// Returns the mixture of both kinds of angles.
    /// </summary>
    /// <param name="expected">The angles that the detected corners make probable.</param>
    public IReadOnlyList<double> Mix(IReadOnlyList<double> expected, IReadOnlyList<double> regressed) =>
        Mix(expected, regressed, LandmarkShare);

    /// <param name="share">The corners' weight.</param>
    internal static IReadOnlyList<double> Mix(
        IReadOnlyList<double> expected, IReadOnlyList<double> regressed, double share) =>
        [.. expected.Zip(regressed, (a, b) => share * a + (1 - share) * b)];

    /// <summary>
    /// Returns a warning when the two largest angles, in degrees, differ too much; null when they agree.
    /// </summary>
    public string? Doubt(double ofCorners, double regressed)
    {
        if (!(Math.Abs(ofCorners - regressed) > MostDegreesApart))
            return null;
        var both = FormattableString.Invariant($"{ofCorners:F1} and {regressed:F1}");
        return $"Corners and regressor differ: cobb1 is {both} degrees.";
    }
}

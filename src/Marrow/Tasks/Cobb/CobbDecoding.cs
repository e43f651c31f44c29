using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;

namespace Marrow.Tasks.Cobb;

/// <summary>What a regressor's angles count beside those of a detector; alone they are the finding.</summary>
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

/// <summary>How the angles of corners and of a regressor become one.</summary>
internal sealed record BesideDetectorDecoding
{
    /// <summary>
    /// The share of the corners' expected angles; the rest is the regressor's. The two err differently, so the mixture
    /// beats either. Of 0, 0.1 ... 1 this share gave the least SMAPE on the validation films of recipes/spine.yaml.
    /// </summary>
    [Range(0.0, 1.0)]
    public double LandmarkShare { get; init; } = 0.9;

    /// <summary>How far corners and regressor may differ: beyond, one of them is wrong.</summary>
    [Range(0.0, 180.0)]
    public double MostDegreesApart { get; init; } = 15;

    /// <summary>Both kinds of angles mixed; the regressor's where no detector looked.</summary>
    /// <param name="expected">Empty without a detector.</param>
    public IReadOnlyList<double> Mix(IReadOnlyList<double> expected, IReadOnlyList<double> regressed) =>
        expected.Count == 0
            ? regressed
            : [.. expected.Zip(regressed, (a, b) => LandmarkShare * a + (1 - LandmarkShare) * b)];

    /// <summary>What is to be said of the largest angles, degrees, where both differ; null where they agree.</summary>
    public string? Doubt(double ofCorners, double regressed)
    {
        if (!(Math.Abs(ofCorners - regressed) > MostDegreesApart))
            return null;
        var both = FormattableString.Invariant($"{ofCorners:F1} and {regressed:F1}");
        return $"Corners and regressor differ: cobb1 is {both} degrees.";
    }
}

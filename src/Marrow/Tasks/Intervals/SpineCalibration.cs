using System.ComponentModel.DataAnnotations;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Intervals;

/// <summary>
/// What is known of the errors of a spine's angles from films that were measured by models which had not seen their
/// patients: an interval for each angle (split conformal: Papadopoulos et al. 2002; Lei et al. 2018), and the
/// probability that cobb1 is near the truth. It belongs to the checkpoint that gives the final corners, as a part of
/// its decoding contract, and holds only beside the checkpoints that it was made with.
/// </summary>
internal sealed record SpineCalibration
{
    internal const int Angles = 3;

    /// <summary>The share of the films whose true angle an interval holds.</summary>
    [Range(0.5, 0.99)]
    public required double Level { get; init; }

    /// <summary>How many films it was made of.</summary>
    [Range(1, 10_000_000)]
    public required int Films { get; init; }

    public required AngleScale Cobb1 { get; init; }

    public required AngleScale Cobb2 { get; init; }

    public required AngleScale Cobb3 { get; init; }

    public required ConfidenceModel Confidence { get; init; }

    /// <summary>The cross-validation from which it was made.</summary>
    public required CalibrationSource Source { get; init; }

    /// <summary>The other checkpoints on which the corners depend, beside which alone it holds.</summary>
    public required IReadOnlyList<CalibratedBeside> Beside { get; init; }

    private AngleScale[] Scales => [Cobb1, Cobb2, Cobb3];

    /// <summary>Returns the interval about each angle of a film.</summary>
    public IReadOnlyList<AngleInterval> Around(IReadOnlyList<double> degrees, IReadOnlyList<AngleSpread> spreads) =>
        [.. Scales.Select((scale, angle) => scale.Around(degrees[angle], spreads[angle]))];

    /// <summary>Returns the probability that cobb1 is within <see cref="ConfidenceModel.WithinDegrees"/>.</summary>
    /// <param name="detector">The detector's own confidence, 0 to 1.</param>
    public double ConfidenceOf(IReadOnlyList<AngleSpread> spreads, double detector) =>
        Confidence.Of(Cobb1.Of(spreads[0]), detector);

    /// <summary>True when exactly these checkpoints stand beside the one that it belongs to.</summary>
    public bool HoldsBeside(IEnumerable<CalibratedBeside> others) =>
        Digests(Beside).SequenceEqual(Digests(others), StringComparer.Ordinal);

    private static IEnumerable<string> Digests(IEnumerable<CalibratedBeside> checkpoints) =>
        checkpoints.Select(checkpoint => checkpoint.Weights.ToString()).Order(StringComparer.Ordinal);

    /// <summary>
    /// Returns what is said of made-up films, which forms a part of the golden finding, as
    /// <see cref="DecodingContract.Rehearse"/> does. Every second of them has no spread at all.
    /// </summary>
    internal IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        const int cases = 8;
        var (ends, confidences) = (new List<double>(), new List<double>());
        for (var i = 0; i < cases; i++)
        {
            var most = i % 2 * random.Uniform(0, 4);
            AngleSpread[] spreads =
            [
                .. Scales.Select(_ =>
                    new AngleSpread(random.Uniform(0, most), random.Uniform(0, most), random.Uniform(0, most))),
            ];
            double[] degrees = [.. Scales.Select(_ => random.Uniform(0, 90))];
            ends.AddRange(Around(degrees, spreads).SelectMany(interval => (double[])[interval.Low, interval.High]));
            confidences.Add(ConfidenceOf(spreads, random.Uniform(0.2, 1)));
        }
        return
        [
            new("intervals", [.. ends, Level]),
            new("intervalConfidences", [.. confidences, Confidence.WithinDegrees]),
        ];
    }
}

/// <summary>The cross-validation whose films' errors a calibration was made of.</summary>
/// <param name="Experiment">The name of its recipe.</param>
/// <param name="Data">The name of its data set.</param>
/// <param name="Folds">How many folds it had.</param>
/// <param name="Digest">SHA-256 of the file of its films' errors.</param>
internal sealed record CalibrationSource(
    string Experiment, string Data, [property: Range(2, 1000)] int Folds, Digest Digest);

/// <summary>
/// A checkpoint by its weights. The digest is that of the tensors (<see cref="Marrow.Weights.TensorDigest"/>), so that
/// a checkpoint which has learnt since what is familiar to it, by this version or a later one, is still the same.
/// </summary>
internal sealed record CalibratedBeside(string Name, Digest Weights);

using System.ComponentModel.DataAnnotations;

namespace Marrow.Tasks.Intervals;

/// <summary>
/// The probability that cobb1 is near the true angle, as a logistic model of what is known of a film.
/// </summary>
internal sealed record ConfidenceModel
{
    private const double Most = 1000;
    private const double LeastConfidence = 1e-3; // of a detector; below, its logarithm says no more

    /// <summary>How near is near.</summary>
    [Range(0.1, 90.0)]
    public required double WithinDegrees { get; init; }

    [Range(-Most, Most)]
    public required double Intercept { get; init; }

    /// <summary>Of the logarithm of cobb1's scale, in degrees.</summary>
    [Range(-Most, Most)]
    public required double PerLogScale { get; init; }

    /// <summary>Of the logarithm of the detector's confidence.</summary>
    [Range(-Most, Most)]
    public required double PerLogDetector { get; init; }

    /// <summary>Returns the probability, 0 to 1.</summary>
    /// <param name="scaleDegrees">The scale of cobb1's error on the film.</param>
    /// <param name="detector">The detector's own confidence, 0 to 1.</param>
    public double Of(double scaleDegrees, double detector)
    {
        var x = Features(scaleDegrees, detector);
        return LogisticFit.Probability(Intercept + PerLogScale * x[0] + PerLogDetector * x[1]);
    }

    /// <summary>Returns what the model sees of a film.</summary>
    public static double[] Features(double scaleDegrees, double detector) =>
        [Math.Log(scaleDegrees), Math.Log(Math.Max(detector, LeastConfidence))];
}

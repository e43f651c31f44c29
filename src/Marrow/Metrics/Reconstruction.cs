namespace Marrow.Metrics;

/// <summary>How well the hidden patches of images were filled in.</summary>
internal static class Reconstruction
{
    /// <summary>
    /// reconstruction-error: the squared error over all hidden pixels as a share of the error of one who knows each
    /// patch's mean and predicts no more. 0 is perfect, 1 is no better than the means. NaN when nothing varies.
    /// </summary>
    /// <param name="found">[N]: each image's sum of squared errors.</param>
    /// <param name="mean">[N]: the same of the means.</param>
    /// <param name="patients">[N].</param>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<double> found,
        IReadOnlyList<double> mean,
        IReadOnlyList<string> patients,
        BootstrapOptions? bootstrap = null)
    {
        if (found.Count != mean.Count || found.Count != patients.Count)
            throw new ArgumentException(
                $"{found.Count} errors, {mean.Count} errors of the mean, {patients.Count} patients.");
        return
        [
            Bootstrap.Interval(
                "reconstruction-error",
                patients,
                weights =>
                    Sum(found, weights) is var error && Sum(mean, weights) is > 0 and var of ? error / of : double.NaN,
                bootstrap),
        ];

        static double Sum(IReadOnlyList<double> values, int[] weights)
        {
            var sum = 0.0;
            for (var i = 0; i < weights.Length; i++)
                sum += weights[i] * values[i];
            return sum;
        }
    }
}

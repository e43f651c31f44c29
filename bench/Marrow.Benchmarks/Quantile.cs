using Marrow.Metrics;

namespace Marrow.Benchmarks;

/// <summary>Quantiles of measured values, interpolated between neighbours.</summary>
internal static class Quantile
{
    /// <param name="share">0 for the least, 0.5 for the median, 1 for the largest.</param>
    public static double Of(IEnumerable<double> values, double share) =>
        Bootstrap.Quantile([.. values.Order()], share);
}

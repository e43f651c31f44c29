namespace Marrow.Metrics;

/// <summary>
/// How far predicted Cobb angles lie from the true ones, as the AASCE challenge and the field after it measure them.
/// Every metric takes vectors of angles in degrees, one an image, of equal length.
/// </summary>
internal static class Angles
{
    // 97.5 % of a normal distribution lies below: Bland and Altman 1986.
    internal const double LimitsOfAgreement = 1.96;
    private const string Degrees = "deg"; // of the mean absolute error, which is a metric of other numbers too

    /// <summary>
    /// smape (%), mae, cmae, euclidean, manhattan (degrees), pearson, bias and the Bland-Altman limits agreement-low
    /// and agreement-high (degrees, predicted minus true), all angles pooled; then mae and pearson by angle
    /// ("mae.cobb1"). Throws <see cref="ArgumentException"/> when counts or lengths differ.
    /// </summary>
    /// <param name="truth">[N][A] degrees.</param>
    /// <param name="predicted">[N][A] degrees.</param>
    /// <param name="patients">[N].</param>
    public static IReadOnlyList<MetricValue> Measure(IReadOnlyList<IReadOnlyList<double>> truth,
        IReadOnlyList<IReadOnlyList<double>> predicted,
        IReadOnlyList<string> patients,
        BootstrapOptions? bootstrap = null)
    {
        if (truth.Count != predicted.Count || truth.Count != patients.Count)
            throw new ArgumentException(
                $"{truth.Count} true vectors, {predicted.Count} predicted, {patients.Count} patients.");
        var angles = truth.Count == 0 ? 0 : truth[0].Count;
        if (truth.Concat(predicted).Any(v => v.Count != angles))
            throw new ArgumentException($"Expected {angles} angles an image.");

        var images = truth.Zip(predicted).ToArray();
        var ratios = images.Select(i => SmapeOf(i.First, i.Second)).ToArray();
        var errors = images.Select(i => i.Second.Zip(i.First, (p, t) => p - t).ToArray()).ToArray();
        double[] absolute = Each(e => e.Average(Math.Abs)),
            euclidean = Each(e => Math.Sqrt(e.Sum(d => d * d))),
            manhattan = Each(e => e.Sum(Math.Abs)),
            sines = Each(e => e.Average(d => Math.Sin(Math.Abs(d) * Math.PI / 180))),
            cosines = Each(e => e.Average(d => Math.Cos(Math.Abs(d) * Math.PI / 180)));

        var results = new List<MetricValue>
        {
            Interval("smape", w => Weighted.Mean(ratios, w)),
            new(Interval("mae", w => Weighted.Mean(absolute, w))) { Unit = Degrees },
            Interval("cmae", w => Circular(sines, cosines, w)),
            Interval("euclidean", w => Weighted.Mean(euclidean, w)),
            Interval("manhattan", w => Weighted.Mean(manhattan, w)),
            Interval("pearson", w => Pearson(images, Enumerable.Range(0, angles), w)),
            Interval("bias", w => Agreement(errors, w, 0)),
            Interval("agreement-low", w => Agreement(errors, w, -LimitsOfAgreement)),
            Interval("agreement-high", w => Agreement(errors, w, LimitsOfAgreement)),
        };
        for (var a = 0; a < angles; a++)
        {
            var angle = a;
            var one = Each(e => Math.Abs(e[angle]));
            results.Add(new(Interval($"mae.cobb{a + 1}", w => Weighted.Mean(one, w))) { Unit = Degrees });
            results.Add(Interval($"pearson.cobb{a + 1}", w => Pearson(images, [angle], w)));
        }
        return results;

        double[] Each(Func<double[], double> of) => [.. errors.Select(of)];
        MetricValue Interval(string name, Func<int[], double> statistic) =>
            Bootstrap.Interval(name, patients, statistic, bootstrap);
    }

    /// <summary>
    /// One image's share of the SMAPE, in percent: the sum of the angles' absolute differences over the sum of all
    /// angles. 0 when all angles are 0. The field divides by the plain sum, which is the same for angles of 0 and more;
    /// magnitudes keep a negative prediction from making it small or negative, so that 100 is the worst.
    /// </summary>
    public static double SmapeOf(IReadOnlyList<double> truth, IReadOnlyList<double> predicted)
    {
        var difference = truth.Zip(predicted, (t, p) => Math.Abs(t - p)).Sum();
        var sum = truth.Zip(predicted, (t, p) => Math.Abs(t) + Math.Abs(p)).Sum();
        return sum == 0 ? 0 : 100 * difference / sum;
    }

    private static double Circular(double[] sines, double[] cosines, int[] weights) =>
        Math.Atan2(Weighted.Mean(sines, weights), Weighted.Mean(cosines, weights)) * 180 / Math.PI;

    // Mean difference plus so many standard deviations (of a sample, n - 1), over all angles.
    internal static double Agreement(double[][] errors, int[] weights, double deviations)
    {
        double sum = 0, count = 0, squares = 0;
        for (var i = 0; i < errors.Length; i++)
            foreach (var d in errors[i])
                (sum, count) = (sum + weights[i] * d, count + weights[i]);
        var mean = sum / count;
        if (deviations == 0)
            return mean;
        for (var i = 0; i < errors.Length; i++)
            foreach (var d in errors[i])
                squares += weights[i] * (d - mean) * (d - mean);
        return mean + deviations * Math.Sqrt(squares / (count - 1));
    }

    // NaN when either side never varies.
    private static double Pearson(
        (IReadOnlyList<double> Truth, IReadOnlyList<double> Predicted)[] images,
        IEnumerable<int> angles,
        int[] weights)
    {
        var chosen = angles.ToArray();
        double count = 0, meanT = 0, meanP = 0, tt = 0, pp = 0, tp = 0;
        for (var i = 0; i < images.Length; i++)
            foreach (var a in chosen)
                (count, meanT, meanP) = (
                    count + weights[i],
                    meanT + weights[i] * images[i].Truth[a],
                    meanP + weights[i] * images[i].Predicted[a]);
        (meanT, meanP) = (meanT / count, meanP / count);
        for (var i = 0; i < images.Length; i++)
            foreach (var a in chosen)
            {
                var (t, p) = (images[i].Truth[a] - meanT, images[i].Predicted[a] - meanP);
                (tt, pp, tp) = (tt + weights[i] * t * t, pp + weights[i] * p * p, tp + weights[i] * t * p);
            }
        const double rounding = 1e-26; // Of a mean, squared: what is left of a variance that is none.
        var isConstant = tt <= rounding * count * meanT * meanT || pp <= rounding * count * meanP * meanP;
        return isConstant ? double.NaN : tp / Math.Sqrt(tt * pp);
    }
}

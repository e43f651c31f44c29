using Marrow.Spine;

namespace Marrow.Metrics;

/// <summary>
/// How well predicted Cobb angles agree with the true ones as measurements of the same thing, beside the errors of
/// <see cref="Angles"/>: what a clinic asks of a second reader.
/// </summary>
internal static class Agreement
{
    // What one reader's measurements of the same film differ by: Negrini et al. 2018 (SOSORT guidelines), and the
    // usual limit for a change of the curve.
    private const double ReadersDifferDegrees = 5;
    private const int Severities = 4;

    /// <summary>
    /// icc, over all angles and by angle; bias and the Bland-Altman limits by angle ("bias.cobb1"); within-5, the share
    /// of films whose largest angle is at most 5 degrees off; severity-kappa. Throws <see cref="ArgumentException"/>
    /// when counts differ.
    /// </summary>
    /// <param name="truth">[N][A] degrees, the largest angle first.</param>
    /// <param name="predicted">[N][A] degrees.</param>
    /// <param name="patients">[N].</param>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<IReadOnlyList<double>> truth,
        IReadOnlyList<IReadOnlyList<double>> predicted,
        IReadOnlyList<string> patients,
        BootstrapOptions? bootstrap = null)
    {
        if (truth.Count != predicted.Count || truth.Count != patients.Count)
            throw new ArgumentException(
                $"{truth.Count} true vectors, {predicted.Count} predicted, {patients.Count} patients.");
        var angles = truth.Count == 0 ? 0 : truth[0].Count;
        var near = truth
            .Zip(predicted, (t, p) => Math.Abs(p[0] - t[0]) <= ReadersDifferDegrees ? 1.0 : 0)
            .ToArray();
        int[] trueSeverity = [.. truth.Select(SeverityOf)], foundSeverity = [.. predicted.Select(SeverityOf)];
        var all = Enumerable.Range(0, angles).Select(Pairs).ToArray();
        var results = new List<MetricValue>
        {
            Interval("within-5", w => Weighted.Mean(near, w)),
            Interval("severity-kappa", w => QuadraticKappa(trueSeverity, foundSeverity, Severities, w)),
            Interval("icc", w => Icc(all, w)),
        };
        for (var a = 0; a < angles; a++)
        {
            var angle = all[a];
            results.Add(Interval($"icc.cobb{a + 1}", w => Icc([angle], w)));
            results.AddRange(Limits($"cobb{a + 1}", angle, patients, bootstrap));
        }
        return results;

        (double Truth, double Predicted)[] Pairs(int angle) =>
            [.. truth.Zip(predicted, (t, p) => (t[angle], p[angle]))];

        MetricValue Interval(string name, Func<int[], double> statistic) =>
            Bootstrap.Interval(name, patients, statistic, bootstrap);
    }

    /// <summary>
    /// ICC(2,1) of Shrout and Fleiss (1979), Psychological Bulletin 86:420, which McGraw and Wong (1996) call ICC(A,1):
    /// two-way random effects, absolute agreement, one measurement, with the truth and the prediction for the two
    /// raters. A constant offset lowers it, unlike Pearson's r. NaN of fewer than two films, and where nothing varies.
    /// </summary>
    /// <param name="angles">Each a vector of pairs, one a film; all are subjects.</param>
    /// <param name="weights">How often each film counts.</param>
    internal static double Icc((double Truth, double Predicted)[][] angles, int[] weights)
    {
        const int raters = 2;
        double count = 0, sumOfMeans = 0, sumOfDifferences = 0;
        foreach (var angle in angles)
        {
            for (var i = 0; i < angle.Length; i++)
            {
                count += weights[i];
                sumOfMeans += weights[i] * (angle[i].Truth + angle[i].Predicted) / raters;
                sumOfDifferences += weights[i] * (angle[i].Predicted - angle[i].Truth);
            }
        }
        if (count < 2)
            return double.NaN;
        var (mean, difference) = (sumOfMeans / count, sumOfDifferences / count);
        double rows = 0, residuals = 0;
        foreach (var angle in angles)
        {
            for (var i = 0; i < angle.Length; i++)
            {
                var row = (angle[i].Truth + angle[i].Predicted) / raters - mean;
                var residual = angle[i].Predicted - angle[i].Truth - difference;
                rows += weights[i] * raters * row * row;
                residuals += weights[i] * residual * residual / raters;
            }
        }
        var (ofRows, ofError) = (rows / (count - 1), residuals / ((count - 1) * (raters - 1)));
        var ofColumns = count * difference * difference / raters; // two raters: one degree of freedom
        var spread = ofRows + (raters - 1) * ofError + raters * (ofColumns - ofError) / count;
        return spread > 0 ? (ofRows - ofError) / spread : double.NaN;
    }

    /// <summary>
    /// Cohen's weighted kappa (1968), Psychological Bulletin 70:213, of ordered classes: a disagreement counts by the
    /// square of its classes' distance. NaN when all fall into one class.
    /// </summary>
    internal static double QuadraticKappa(int[] truth, int[] predicted, int classes, int[] weights)
    {
        var (ofTruth, ofPredicted) = (new double[classes], new double[classes]);
        double observed = 0, count = 0;
        for (var i = 0; i < truth.Length; i++)
        {
            ofTruth[truth[i]] += weights[i];
            ofPredicted[predicted[i]] += weights[i];
            observed += weights[i] * Square(truth[i] - predicted[i]);
            count += weights[i];
        }
        var expected = 0.0;
        for (var t = 0; t < classes; t++)
        {
            for (var p = 0; p < classes; p++)
                expected += Square(t - p) * ofTruth[t] * ofPredicted[p] / count;
        }
        return expected > 0 ? 1 - observed / expected : double.NaN;

        static double Square(int distance) => distance * distance;
    }

    /// <summary>
    /// The bias and the limits of agreement of one angle (Bland and Altman 1986), with intervals over patients.
    /// </summary>
    internal static IReadOnlyList<MetricValue> Limits(
        string angle,
        IReadOnlyList<(double Truth, double Predicted)> pairs,
        IReadOnlyList<string> patients,
        BootstrapOptions? bootstrap = null)
    {
        double[][] errors = [.. pairs.Select(p => (double[])[p.Predicted - p.Truth])];
        return
        [
            Bootstrap.Interval($"bias.{angle}", patients, w => Angles.Agreement(errors, w, 0), bootstrap),
            Bootstrap.Interval(
                $"agreement-low.{angle}",
                patients,
                w => Angles.Agreement(errors, w, -Angles.LimitsOfAgreement),
                bootstrap),
            Bootstrap.Interval(
                $"agreement-high.{angle}",
                patients,
                w => Angles.Agreement(errors, w, Angles.LimitsOfAgreement),
                bootstrap),
        ];
    }

    // A regressor may answer a little below 0.
    private static int SeverityOf(IReadOnlyList<double> degrees) =>
        (int)CobbAngles.SeverityOf(Math.Max(0, degrees[0]));
}

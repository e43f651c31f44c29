namespace Marrow.Metrics;

/// <summary>
/// One number that a model gives: its name, its unit ("" when none is known) and how widely its labels vary.
/// </summary>
/// <param name="Deviation">Of the training part's labels, above 0: what errors are divided by to be comparable.</param>
internal readonly record struct NumberColumn(string Name, string Unit, double Deviation);

/// <summary>How far predicted numbers lie from the true ones, column by column and over all.</summary>
internal static class NumberErrors
{
    /// <summary>
    /// nmae (mean absolute error over the deviation of the training part's labels), mae, rmse, pearson and r2 (1 -
    /// squared error over the labels' variance), each as the mean over the columns in which it is defined; with several
    /// columns then each by column ("mae.age"). mae and rmse have the unit that all columns share, or none. Throws
    /// <see cref="ArgumentException"/> when counts differ.
    /// </summary>
    /// <param name="truth">[N][columns]; NaN where blank.</param>
    /// <param name="predicted">[N][columns].</param>
    /// <param name="patients">[N].</param>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<NumberColumn> columns,
        IReadOnlyList<IReadOnlyList<double>> truth,
        IReadOnlyList<IReadOnlyList<double>> predicted,
        IReadOnlyList<string> patients,
        BootstrapOptions? bootstrap = null)
    {
        if (truth.Count != predicted.Count || truth.Count != patients.Count)
            throw new ArgumentException(
                $"{truth.Count} true rows, {predicted.Count} predicted, {patients.Count} patients.");
        if (truth.Concat(predicted).Any(row => row.Count != columns.Count))
            throw new ArgumentException($"Expected {columns.Count} numbers an image.");

        Column[] each =
        [
            .. columns.Select(
                (_, c) => new Column([.. truth.Select(row => row[c])], [.. predicted.Select(row => row[c])])),
        ];
        (string Name, bool HasUnit, Func<int, int[], double> Of)[] metrics =
        [
            ("nmae", false, (c, w) => each[c].MeanAbsolute(w) / columns[c].Deviation),
            ("mae", true, (c, w) => each[c].MeanAbsolute(w)),
            ("rmse", true, (c, w) => Math.Sqrt(each[c].MeanSquare(w))),
            ("pearson", false, (c, w) => each[c].Pearson(w)),
            ("r2", false, (c, w) => each[c].R2(w)),
        ];
        var ones = Enumerable.Repeat(1, truth.Count).ToArray();
        var shared = columns.All(c => c.Unit == columns[0].Unit) ? columns[0].Unit : "";
        var labelled = truth.Count(row => row.Any(v => !double.IsNaN(v)));
        var results = new List<MetricValue>();
        foreach (var (name, hasUnit, of) in metrics)
        {
            // The same columns in each resample, or the mean would be of another thing; NaN drops the resample.
            var defined = Enumerable.Range(0, columns.Count).Where(c => !double.IsNaN(of(c, ones))).ToList();
            var value = Bootstrap.Interval(
                name,
                patients,
                w => defined.Count == 0 ? double.NaN : defined.Average(c => of(c, w)),
                bootstrap,
                labelled);
            results.Add(new(value) { Unit = hasUnit ? shared : "" });
        }
        if (columns.Count == 1)
            return results;
        foreach (var (name, hasUnit, of) in metrics)
        {
            for (var c = 0; c < columns.Count; c++)
            {
                var column = c;
                var value = Bootstrap.Interval(
                    $"{name}.{columns[c].Name}",
                    patients,
                    w => of(column, w),
                    bootstrap,
                    each[c].Count);
                results.Add(new(value) { Unit = hasUnit ? columns[c].Unit : "" });
            }
        }
        return results;
    }

    /// <summary>
    /// Labels and predictions of one column; weighted by how often each image was drawn, blanks left out.
    /// </summary>
    private sealed class Column(double[] truth, double[] predicted)
    {
        private readonly int[] _known = [.. Enumerable.Range(0, truth.Length).Where(i => !double.IsNaN(truth[i]))];

        public int Count => _known.Length;

        public double MeanAbsolute(int[] w) => Mean(w, i => Math.Abs(predicted[i] - truth[i]));

        public double MeanSquare(int[] w) => Mean(w, i => (predicted[i] - truth[i]) * (predicted[i] - truth[i]));

        public double R2(int[] w)
        {
            var (center, variance) = Moments(w, truth);
            return IsConstant(center, variance) ? double.NaN : 1 - MeanSquare(w) / variance;
        }

        public double Pearson(int[] w)
        {
            var (centerT, varianceT) = Moments(w, truth);
            var (centerP, varianceP) = Moments(w, predicted);
            return IsConstant(centerT, varianceT) || IsConstant(centerP, varianceP)
                ? double.NaN
                : Mean(w, i => (truth[i] - centerT) * (predicted[i] - centerP)) / Math.Sqrt(varianceT * varianceP);
        }

        private (double Mean, double Variance) Moments(int[] w, double[] values)
        {
            var center = Mean(w, i => values[i]);
            return (center, Mean(w, i => (values[i] - center) * (values[i] - center)));
        }

        // What rounding leaves of a variance that is none; true for NaN as well.
        private static bool IsConstant(double mean, double variance) => !(variance > 1e-26 * mean * mean);

        private double Mean(int[] w, Func<int, double> value)
        {
            var (sum, count) = (0.0, 0.0);
            foreach (var i in _known)
                (sum, count) = (sum + w[i] * value(i), count + w[i]);
            return sum / count; // NaN without any
        }
    }
}

using Marrow.Datasets;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Intervals;
using static TorchSharp.torch;

namespace Marrow.Training.Ranking;

/// <summary>The scores of a candidate's features on these images.</summary>
/// <param name="Metrics">
/// The metrics of the probe on images that it was not fitted on. The first one decides the ranking.
/// </param>
/// <param name="Statistic">That metric as a function of how often each image counts.</param>
internal sealed record FeatureScores(
    IReadOnlyList<MetricValue> Metrics,
    Func<int[], double> Statistic,
    double LogMe,
    double? HScore,
    double? Gbc);

/// <summary>
/// The labels of the ranked images, divided into folds once, so that every candidate is measured alike.
/// </summary>
internal sealed class ProbeTask
{
    private const int FewestPatients = 2; // with a finding, and without: else it can't be learnt and measured
    private const int AngleBins = 5;

    private readonly IReadOnlyList<string> _patients;
    private readonly bool _exclusive;
    private readonly double[][] _targets; // [N][T], NaN for unknown
    private readonly int[] _folds;

    public ProbeTask(string task, Dataset dataset, IReadOnlyList<Sample> samples, int folds, ulong seed)
    {
        _patients = [.. samples.Select(s => s.Patient)];
        IsRegression = TaskCatalogue.Get(task).Probe == ProbeKind.Angles;
        if (IsRegression)
        {
            _targets = [.. samples.Select(s => s.CobbDegrees.ToArray())];
            _folds = PatientFolds.Assign(
                _patients,
                PatientFolds.Quantiles([.. samples.Select(s => s.CobbDegrees[0])], AngleBins),
                folds,
                seed);
            return;
        }
        _exclusive = dataset.ExclusiveClasses;
        var layout = dataset.Layout;
        var reported = layout.Reported;
        var usable = reported
            .Where(c => PatientsWith(c, 1) >= FewestPatients && PatientsWith(c, 0) >= FewestPatients)
            .ToList();
        if (usable.Count == 0)
            throw new MarrowException(
                $"{dataset.Name}: no finding that {FewestPatients} patients have and {FewestPatients} have not, among "
                    + $"{samples.Count} images. Give more labelled images."
            );
        Classes = [.. usable.Select(c => dataset.Classes[c])];
        Unusable = [.. reported.Except(usable).Select(c => dataset.Classes[c])];
        _targets = [.. samples.Select(s => usable.Select(c => (double)layout.Truth(s.Labels, c)).ToArray())];
        _folds = PatientFolds.Assign(
            _patients,
            [.. _targets.Select(row => row.Select(t => t > 0.5 ? 1.0 : 0).ToArray())],
            folds,
            seed);

        int PatientsWith(int c, float label) =>
            PatientSplit.CountPatients(samples.Where(s => layout.Truth(s.Labels, c) == label));
    }

    public bool IsRegression { get; }

    /// <summary>The metric of the ranking: "smape" for angles, otherwise "auroc".</summary>
    public string Metric => IsRegression ? "smape" : "auroc";

    public bool HigherIsBetter => MetricCatalogue.Get(Metric).HigherIsBetter;

    /// <summary>The findings by which candidates are ranked; empty for angles.</summary>
    public IReadOnlyList<string> Classes { get; } = [];

    /// <summary>The findings that can't be used, because too few patients have them or too few do not.</summary>
    public IReadOnlyList<string> Unusable { get; } = [];

    /// <param name="features">The features, [N, D] in float32.</param>
    public FeatureScores Score(Tensor features, CancellationToken cancellation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var x = features.to(float64);
        if (IsRegression)
        {
            double[][] degrees =
            [
                .. LinearProbe
                    .Predict(x, _targets, _folds, Ridge.Path, Ridge.SquaredError, cancellation)
                    .Select(row => row.Select(d => Math.Max(0, d)).ToArray()),
            ];
            double[] ratios = [.. _targets.Zip(degrees, Angles.SmapeOf)];
            return new(
                Angles.Measure(_targets, degrees, _patients),
                w => Mean(ratios, w),
                TransferScores.LogMe(x, _targets),
                null,
                null);
        }
        var logits = LinearProbe.Predict(x, _targets, _folds, Logistic.Path, Logistic.CrossEntropy, cancellation);
        float[][] scores = [.. logits.Select(row => row.Select(v => (float)LogisticFit.Probability(v)).ToArray())];
        float[][] truth = [.. _targets.Select(row => row.Select(v => (float)v).ToArray())];
        var columns = Enumerable
            .Range(0, Classes.Count)
            .Select(c => new ClassColumn(
                [.. truth.Select(t => t[c])],
                [.. scores.Select(s => s[c])],
                new bool[truth.Length]))
            .ToList();
        return new(
            Classification.Measure(Classes, truth, scores, _patients, _exclusive),
            w => columns.Average(c => c.Auroc(w)),
            TransferScores.LogMe(x, _targets),
            ByClass(x, TransferScores.HScore),
            ByClass(x, TransferScores.Gbc));
    }

    /// <summary>Returns the first value minus the second one, both computed over the same resampled patients.</summary>
    public MetricValue Difference(Func<int[], double> first, Func<int[], double> second) =>
        Bootstrap.Interval(Metric, _patients, w => first(w) - second(w));

    /// <summary>
    /// Returns the score of the exclusive classes or, for findings, the mean over the findings, each of which is
    /// present or absent.
    /// </summary>
    private double ByClass(Tensor x, Func<Tensor, int[], double> score)
    {
        if (_exclusive)
            return Of(row => Array.IndexOf(row, 1), row => row.Contains(1));
        return Enumerable.Range(0, Classes.Count).Average(c => Of(row => (int)row[c], row => row[c] is 0 or 1));

        double Of(Func<double[], int> classOf, Func<double[], bool> counts)
        {
            int[] images = [.. Enumerable.Range(0, _targets.Length).Where(i => counts(_targets[i]))];
            using var rows = Algebra.Take(x, images);
            return score(rows, [.. images.Select(i => classOf(_targets[i]))]);
        }
    }

    private static double Mean(double[] values, int[] weights)
    {
        var (sum, count) = (0.0, 0.0);
        for (var i = 0; i < values.Length; i++)
            (sum, count) = (sum + weights[i] * values[i], count + weights[i]);
        return sum / count;
    }
}

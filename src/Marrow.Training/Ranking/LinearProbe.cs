using Marrow.Computing;
using Marrow.Tasks.Intervals;
using static TorchSharp.torch;

namespace Marrow.Training.Ranking;

/// <summary>
/// A family of linear models, one for each penalty: fits them to training rows and gives what each predicts for others,
/// [test][T]. Rows are [., r] float64, targets [training][T] with NaN for unknown.
/// </summary>
internal delegate IReadOnlyList<double[][]> LinearPath(
    Tensor training,
    double[][] targets,
    Tensor test,
    IReadOnlyList<double> penalties);

/// <summary>
/// The reference score: what a linear model on frozen features predicts for patients it has not seen. For each fold the
/// features are standardised by the other folds' statistics, the penalty is chosen by cross-validation among those
/// other folds (the same folds again), and one model is fitted to them all. Nothing of a fold decides about its own
/// predictions.
/// </summary>
internal static class LinearProbe
{
    /// <summary>With rows of a length near 1: from hardly any penalty to one that leaves the mean alone.</summary>
    private static readonly double[] Penalties = [1e3, 1e2, 10, 1, 0.1, 1e-2, 1e-3, 1e-4];

    /// <summary>
    /// Returns predictions for each image by a model that was not fitted on the image's fold, [N][T].
    /// </summary>
    /// <param name="features">The features, [N, D] in float64.</param>
    /// <param name="targets">The targets, [N][T]; NaN where they are unknown.</param>
    /// <param name="folds">The fold of each image, [N], from <see cref="PatientFolds"/>; at least three folds.</param>
    /// <param name="loss">The loss of one prediction and its target, by which the penalty is chosen.</param>
    public static double[][] Predict(
        Tensor features,
        double[][] targets,
        int[] folds,
        LinearPath path,
        Func<double, double, double> loss,
        CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        var predictions = new double[targets.Length][];
        var count = folds.Max() + 1;
        for (var fold = 0; fold < count; fold++)
        {
            using var foldScope = NewDisposeScope();
            int[] others = Where(f => f != fold), own = Where(f => f == fold);
            var rows = Algebra.Coordinates(Algebra.Standardise(features, others));
            var losses = new double[Penalties.Length];
            for (var inner = 0; inner < count; inner++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (inner == fold)
                    continue;
                var chosenBy = Where(f => f == inner);
                var paths = Fit(rows, Where(f => f != fold && f != inner), chosenBy, Penalties);
                for (var p = 0; p < Penalties.Length; p++)
                    losses[p] += chosenBy.Zip(paths[p], (i, row) => Loss(row, targets[i])).Sum();
            }
            var best = Penalties[Array.IndexOf(losses, losses.Min())]; // the largest of equals: they descend
            foreach (var (i, row) in own.Zip(Fit(rows, others, own, [.. Penalties.TakeWhile(p => p > best), best])[^1]))
                predictions[i] = row;
        }
        return predictions;

        int[] Where(Func<int, bool> chosen) => [.. Enumerable.Range(0, folds.Length).Where(i => chosen(folds[i]))];
        IReadOnlyList<double[][]> Fit(Tensor rows, int[] training, int[] test, IReadOnlyList<double> penalties) =>
            path(
                Algebra.Take(rows, training),
                [.. training.Select(i => targets[i])],
                Algebra.Take(rows, test),
                penalties);
        double Loss(double[] row, double[] target) => row.Zip(target, (p, t) => double.IsNaN(t) ? 0 : loss(p, t)).Sum();
    }
}

/// <summary>
/// Ridge regression (Hoerl and Kennard 1970) with an intercept that is not penalised; targets must be known.
/// </summary>
internal static class Ridge
{
    public static double SquaredError(double predicted, double target) => (predicted - target) * (predicted - target);

    /// <summary>
    /// Minimises the sum of squared errors plus the penalty times the squared weights; see <see cref="LinearPath"/>.
    /// </summary>
    public static IReadOnlyList<double[][]> Path(
        Tensor training,
        double[][] targets,
        Tensor test,
        IReadOnlyList<double> penalties)
    {
        using var scope = NewDisposeScope();
        var y = Algebra.Matrix(targets);
        Tensor mean = training.mean([0L], keepdim: true), meanY = y.mean([0L], keepdim: true);
        var x = training - mean;
        var (values, vectors) = Algebra.Eigen(x.t().matmul(x));
        var products = vectors.t().matmul(x.t().matmul(y - meanY)); // [r, T]
        var seen = (test - mean).matmul(vectors);
        return [.. penalties.Select(penalty =>
        {
            using var each = NewDisposeScope();
            return Algebra.Rows(seen.matmul(products / values.Plus(penalty).unsqueeze(1)).Plus(meanY));
        })];
    }
}

/// <summary>
/// Logistic regression with an L2 penalty, one model a target against the rest, intercepts not penalised; soft targets
/// count as they are, unknown ones not at all. The next penalty starts where the last one ended.
/// </summary>
internal static class Logistic
{
    private const int MostIterations = 500;
    private const double Tolerance = 1e-4; // of the gradient of a sum over images

    /// <summary>Returns the cross-entropy of a logit for a target from 0 to 1.</summary>
    public static double CrossEntropy(double logit, double target) =>
        Math.Max(logit, 0) + Math.Log(1 + Math.Exp(-Math.Abs(logit))) - target * logit;

    /// <summary>
    /// Minimises the sum of cross-entropies plus half the penalty times the squared weights, and returns logits; see
    /// <see cref="LinearPath"/>.
    /// </summary>
    public static IReadOnlyList<double[][]> Path(
        Tensor training,
        double[][] targets,
        Tensor test,
        IReadOnlyList<double> penalties
    ) => Path(training, targets, test, penalties, Tolerance);

    internal static IReadOnlyList<double[][]> Path(
        Tensor training,
        double[][] targets,
        Tensor test,
        IReadOnlyList<double> penalties,
        double tolerance)
    {
        using var scope = NewDisposeScope();
        Tensor x = WithOnes(training), across = x.t().contiguous(), seen = WithOnes(test);
        var (rows, outputs) = (x.shape[1], targets[0].Length);
        var free = (int)(rows - 1) * outputs; // where the intercepts begin
        var weights = new double[rows * outputs];
        var results = new List<double[][]>();
        foreach (var penalty in penalties)
        {
            Lbfgs.Minimise(weights, (point, gradient) => Value(point, gradient, penalty), tolerance, MostIterations);
            using var each = NewDisposeScope();
            results.Add(Algebra.Rows(seen.matmul(tensor(weights, [rows, outputs], device: CPU))));
        }
        return results;

        double Value(double[] point, double[] gradient, double penalty)
        {
            using var each = NewDisposeScope();
            var logits = Algebra.Rows(x.matmul(tensor(point, [rows, outputs], device: CPU)));
            var sum = 0.0;
            var residuals = new double[logits.Length * outputs];
            for (var i = 0; i < logits.Length; i++)
            {
                for (var t = 0; t < outputs; t++)
                {
                    if (double.IsNaN(targets[i][t]))
                        continue;
                    sum += CrossEntropy(logits[i][t], targets[i][t]);
                    residuals[i * outputs + t] = LogisticFit.Probability(logits[i][t]) - targets[i][t];
                }
            }
            across
                .matmul(tensor(residuals, [logits.Length, outputs], device: CPU))
                .Values<double>()
                .CopyTo(gradient, 0);
            for (var w = 0; w < free; w++)
            {
                sum += penalty / 2 * point[w] * point[w];
                gradient[w] += penalty * point[w];
            }
            return sum;
        }
    }

    private static Tensor WithOnes(Tensor x) => cat([x, ones(x.shape[0], 1, float64, x.device)], 1);
}

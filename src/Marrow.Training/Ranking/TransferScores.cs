using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Training.Ranking;

/// <summary>
/// Scores that need no cross-validation, all "higher is better" and all experimental: on medical tasks none of them was
/// reliable (Chaves et al. 2023). They see every ranked image.
/// </summary>
internal static class TransferScores
{
    private const int MostIterations = 100;
    private const double Converged = 1e-6; // relative change of alpha / beta
    private const int GbcDimensions = 64; // Pandy et al. 2022, section 4
    private const double LeastVariance = 1e-4; // of the mean variance of all images: a class of few images has none

    /// <summary>
    /// LogME (You et al. 2021, algorithm 1): the mean over targets of the log evidence an image of a Bayesian linear
    /// model with no intercept, its two precisions at their best. Unknown targets (NaN) leave their images out.
    /// </summary>
    /// <param name="features">The features, [N, D] in float64.</param>
    /// <param name="targets">The targets, [N][T].</param>
    public static double LogMe(Tensor features, double[][] targets)
    {
        var columns = Enumerable
            .Range(0, targets[0].Length)
            .Select(t => targets.Select(row => row[t]).ToArray())
            .ToList();
        // Targets that are known for the same images share one decomposition.
        return columns
            .GroupBy(c => string.Concat(c.Select(v => double.IsNaN(v) ? '0' : '1')))
            .SelectMany(same =>
            {
                using var scope = NewDisposeScope();
                int[] known = [.. Enumerable.Range(0, targets.Length).Where(i => !double.IsNaN(same.First()[i]))];
                double[][] rows = [.. known.Select(i => same.Select(column => column[i]).ToArray())];
                var (squares, projections) = Algebra.Spectrum(Algebra.Take(features, known), Algebra.Matrix(rows));
                return Enumerable
                    .Range(0, rows[0].Length)
                    .Select(t =>
                        Evidence(
                            squares,
                            [.. projections.Select(p => p[t])],
                            rows.Sum(r => r[t] * r[t]),
                            known.Length,
                            (int)features.shape[1]
                        ) / known.Length)
                    .ToList();
            })
            .Average();
    }

    /// <summary>
    /// H-score (Bao et al. 2019): trace of the inverse covariance of the features times the covariance of the class
    /// means, the former shrunk as Ledoit and Wolf (2004) and the latter weighted to match (Ibrahim et al. 2022).
    /// </summary>
    /// <param name="classOf">The class of each image, [N].</param>
    public static double HScore(Tensor features, int[] classOf)
    {
        using var scope = NewDisposeScope();
        var (images, dimensions) = (features.shape[0], features.shape[1]);
        var centred = features - features.mean([0L], keepdim: true);
        var z = Algebra.Coordinates(centred); // the class means have no part outside
        var covariance = z.t().matmul(z) / Scalars.Of((double)images);
        var (shrinkage, mean) = Shrinkage(z, covariance, dimensions);
        var shrunk = (covariance * Scalars.Of(1 - shrinkage)).Plus(
            eye(z.shape[1], z.shape[1], float64, z.device) * Scalars.Of(shrinkage * mean));
        var (values, vectors) = Algebra.Eigen(shrunk);
        var sum = 0.0;
        foreach (var members in Members(classOf))
        {
            var inEigen = Algebra.Take(z, members).mean([0L], keepdim: true).matmul(vectors); // [1, r]
            sum += members.Length * (inEigen * inEigen / values).sum().Value<double>();
        }
        return (1 - shrinkage) * sum / (images - 1);
    }

    /// <summary>
    /// Gaussian Bhattacharyya coefficient (Pandy et al. 2022): minus the summed overlap of each pair of classes, each
    /// class a Gaussian with a diagonal covariance in the 64 directions of largest variance.
    /// </summary>
    public static double Gbc(Tensor features, int[] classOf)
    {
        using var scope = NewDisposeScope();
        var z = Algebra.PrincipalComponents(features, GbcDimensions);
        var least = LeastVariance * (z * z).mean().Value<double>();
        var classes = Members(classOf)
            .Select(members =>
            {
                var rows = Algebra.Rows(Algebra.Take(z, members));
                double[] mean = [.. Enumerable.Range(0, rows[0].Length).Select(d => rows.Average(r => r[d]))];
                return (
                    Mean: mean,
                    Variance: mean.Select((m, d) => Math.Max(least, rows.Average(r => (r[d] - m) * (r[d] - m))))
                        .ToArray());
            })
            .ToList();
        var overlap = 0.0;
        for (var a = 0; a < classes.Count; a++)
        {
            for (var b = 0; b < a; b++)
                overlap += 2 * Math.Exp(-Bhattacharyya(classes[a], classes[b])); // the pair both ways
        }
        return -overlap;
    }

    private static double Bhattacharyya((double[] Mean, double[] Variance) a, (double[] Mean, double[] Variance) b)
    {
        var distance = 0.0;
        for (var d = 0; d < a.Mean.Length; d++)
        {
            var (off, between) = (a.Mean[d] - b.Mean[d], (a.Variance[d] + b.Variance[d]) / 2);
            distance += off * off / between / 8 + 0.5 * Math.Log(between / Math.Sqrt(a.Variance[d] * b.Variance[d]));
        }
        return distance;
    }

    private static List<int[]> Members(int[] classOf) =>
        [.. Enumerable.Range(0, classOf.Length).GroupBy(i => classOf[i]).OrderBy(g => g.Key).Select(g => g.ToArray())];

    /// <summary>
    /// Returns the shrinkage of Ledoit and Wolf (2004), from inner products alone, and the mean variance over all
    /// dimensions.
    /// </summary>
    private static (double Shrinkage, double MeanVariance) Shrinkage(Tensor z, Tensor covariance, long dimensions)
    {
        using var scope = NewDisposeScope();
        var images = z.shape[0];
        var mean = covariance.trace().Value<double>() / dimensions;
        var squares = (covariance * covariance).sum().Value<double>();
        var lengths = (z * z).sum(1);
        var spread = ((lengths * lengths).sum().Value<double>() / images - squares) / images;
        var distance = squares - dimensions * mean * mean;
        return (distance <= 0 ? 1 : Math.Clamp(spread / distance, 0, 1), mean);
    }

    /// <summary>Returns the log evidence at the fixed point of alpha and beta (You et al. 2021, section 4.3).</summary>
    /// <param name="squares">The squared singular values of the features.</param>
    /// <param name="projections">The squared products of the target with the left singular vectors.</param>
    /// <param name="length">The squared length of the target.</param>
    private static double Evidence(double[] squares, double[] projections, double length, int images, int dimensions)
    {
        const double guard = 1e-5; // as the authors' code has it
        var outside = Math.Max(0, length - projections.Sum());
        double alpha = 1, beta = 1, weights = 0, errors = 0;
        for (var i = 0; i < MostIterations; i++)
        {
            var ratio = alpha / beta;
            var effective = squares.Sum(s => s / (s + ratio));
            weights = squares.Zip(projections, (s, p) => s * p / ((s + ratio) * (s + ratio))).Sum();
            errors = outside + squares.Zip(projections, (s, p) => p / ((1 + s / ratio) * (1 + s / ratio))).Sum();
            alpha = effective / (weights + guard);
            beta = (images - effective) / (errors + guard);
            if (Math.Abs(alpha / beta - ratio) <= Converged * ratio)
                break;
        }
        var logDeterminant =
            squares.Sum(s => Math.Log(alpha + beta * s)) + (dimensions - squares.Length) * Math.Log(alpha);
        return 0.5
            * (
                images * Math.Log(beta / (2 * Math.PI))
                + dimensions * Math.Log(alpha)
                - beta * errors
                - alpha * weights
                - logDeterminant);
    }
}

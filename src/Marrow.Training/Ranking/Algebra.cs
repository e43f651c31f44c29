using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Training.Ranking;

/// <summary>
/// Linear algebra for the scores, in float64 on the CPU. There are usually fewer images than features, so everything is
/// computed in as many dimensions as there are images, which does not change what depends only on inner products.
/// </summary>
internal static class Algebra
{
    private const double Negligible = 1e-12; // of the largest eigenvalue: rounding, no direction

    /// <summary>Converts [rows][columns] to a float64 tensor.</summary>
    public static Tensor Matrix(IReadOnlyList<double[]> rows) =>
        tensor(rows.SelectMany(r => r).ToArray(), [rows.Count, rows.Count == 0 ? 0 : rows[0].Length], device: CPU);

    public static double[][] Rows(Tensor matrix)
    {
        using var scope = NewDisposeScope();
        return [.. matrix.Values<double>().Chunk((int)matrix.shape[1])];
    }

    public static Tensor Take(Tensor matrix, int[] rows)
    {
        using var scope = NewDisposeScope();
        return matrix
            .index_select(0, tensor(rows.Select(r => (long)r).ToArray(), device: matrix.device))
            .MoveToOuterDisposeScope();
    }

    /// <summary>Maps [N, D] to [N, at most min(N, D)] so that the inner products between rows stay the same.</summary>
    public static Tensor Coordinates(Tensor x)
    {
        using var scope = NewDisposeScope();
        if (x.shape[1] <= x.shape[0])
            return x.clone().MoveToOuterDisposeScope();
        var (values, vectors) = Eigen(x.matmul(x.t()));
        return (vectors * values.sqrt()).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Centres the columns of [N, D] and projects the rows onto the directions of largest variance, the largest first.
    /// Returns [N, at most <paramref name="count"/>].
    /// </summary>
    public static Tensor PrincipalComponents(Tensor x, int count)
    {
        using var scope = NewDisposeScope();
        var centred = x - x.mean([0L], keepdim: true);
        Tensor components;
        if (x.shape[1] <= x.shape[0])
        {
            var (_, vectors) = Eigen(centred.t().matmul(centred));
            components = centred.matmul(vectors);
        }
        else
            components = Coordinates(centred);
        var kept = Math.Min(count, components.shape[1]);
        return components.narrow(1, components.shape[1] - kept, kept).flip(1).contiguous().MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Returns the squared singular values of [N, D] and, for each column of [N, T], its squared products with the left
    /// singular vectors, [r][T].
    /// </summary>
    public static (double[] Squares, double[][] Projections) Spectrum(Tensor x, Tensor targets)
    {
        using var scope = NewDisposeScope();
        if (x.shape[1] <= x.shape[0])
        {
            var (values, vectors) = Eigen(x.t().matmul(x));
            var left = vectors.t().matmul(x.t().matmul(targets));
            return (values.Values<double>(), Rows((left * left) / values.unsqueeze(1)));
        }
        var (squares, u) = Eigen(x.matmul(x.t()));
        var products = u.t().matmul(targets);
        return (squares.Values<double>(), Rows(products * products));
    }

    /// <summary>
    /// Returns the significant eigenvalues of a symmetric matrix without negative ones, in ascending order, and their
    /// vectors as columns.
    /// </summary>
    public static (Tensor Values, Tensor Vectors) Eigen(Tensor symmetric)
    {
        using var scope = NewDisposeScope();
        var (values, vectors) = linalg.eigh(symmetric);
        var all = values.Values<double>();
        var none = all.Count(v => v <= Negligible * all[^1] || v <= 0);
        return (values.narrow(0, none, all.Length - none).contiguous().MoveToOuterDisposeScope(),
            vectors.narrow(1, none, all.Length - none).contiguous().MoveToOuterDisposeScope());
    }

    /// <summary>
    /// Scales columns to mean 0 and standard deviation 1 over the rows <paramref name="by"/>, and divides everything by
    /// the square root of the number of columns, so that the length of a row is near 1.
    /// </summary>
    public static Tensor Standardise(Tensor x, int[] by)
    {
        using var scope = NewDisposeScope();
        var some = Take(x, by);
        var mean = some.mean([0L], keepdim: true);
        var off = some - mean;
        var deviation = (off * off).mean([0L], keepdim: true).sqrt();
        var constant = deviation.eq(Scalars.Of(0.0)).to(float64);
        return ((x - mean) / deviation.Plus(constant) / Scalars.Of(Math.Sqrt(x.shape[1]))).MoveToOuterDisposeScope();
    }
}

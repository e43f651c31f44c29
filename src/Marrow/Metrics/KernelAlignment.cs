namespace Marrow.Metrics;

/// <summary>
/// How alike two sets of features of the same images are: linear centred kernel alignment (Kornblith et al.,
/// "Similarity of Neural Network Representations Revisited", ICML 2019) with the unbiased estimate of HSIC (Song et
/// al., JMLR 2012; Nguyen et al., ICLR 2021), over all images as one batch. The plain estimate goes to 1 when there are
/// more features than images, whatever they say; this one does not. Turning or scaling the features of either set
/// changes nothing.
/// </summary>
internal static class KernelAlignment
{
    /// <summary>The estimate divides by n - 3.</summary>
    public const int FewestImages = 4;

    /// <summary>
    /// 1 for features that are the same but for a rotation and a scale, about 0 for unrelated ones (a little below it
    /// by chance), NaN where one set says the same of every image.
    /// </summary>
    /// <param name="a">[n][p]: one row of features an image.</param>
    /// <param name="b">[n][q]: of the same images in the same order.</param>
    public static double Unbiased(IReadOnlyList<float[]> a, IReadOnlyList<float[]> b)
    {
        if (a.Count != b.Count || a.Count < FewestImages)
            throw new ArgumentException(
                $"Expected the features of {FewestImages} images or more, as many on both sides; found {a.Count} and "
                    + $"{b.Count}."
            );
        var (k, l) = (Gram(a), Gram(b));
        var (kk, ll) = (Hsic(k, k), Hsic(l, l));
        return kk > 0 && ll > 0 ? Hsic(k, l) / Math.Sqrt(kk * ll) : double.NaN;
    }

    /// <summary>[n, n]: inner products of the features less their means, with zeros on the diagonal.</summary>
    private static double[,] Gram(IReadOnlyList<float[]> features)
    {
        var (n, width) = (features.Count, features[0].Length);
        if (features.Any(row => row.Length != width))
            throw new ArgumentException("Expected as many features of every image.");
        // The estimate is the same without the means, but for what is lost when large numbers cancel.
        var means = new double[width];
        foreach (var row in features)
        {
            for (var j = 0; j < width; j++)
                means[j] += row[j] / (double)n;
        }
        var centred = features.Select(row => row.Zip(means, (value, mean) => value - mean).ToArray()).ToArray();
        var gram = new double[n, n];
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
            {
                var product = 0.0;
                for (var f = 0; f < width; f++)
                    product += centred[i][f] * centred[j][f];
                gram[i, j] = gram[j, i] = product;
            }
        }
        return gram;
    }

    /// <summary>Song et al. 2012, equation 5: [tr(KL) + 1'K1 1'L1 / ((n-1)(n-2)) - 2/(n-2) 1'KL1] / (n(n-3)).</summary>
    private static double Hsic(double[,] k, double[,] l)
    {
        var n = k.GetLength(0);
        var (trace, sumK, sumL, sumKL) = (0.0, 0.0, 0.0, 0.0);
        for (var i = 0; i < n; i++)
        {
            var (rowK, rowL) = (0.0, 0.0);
            for (var j = 0; j < n; j++)
            {
                trace += k[i, j] * l[i, j];
                rowK += k[i, j];
                rowL += l[i, j];
            }
            sumK += rowK;
            sumL += rowL;
            sumKL += rowK * rowL; // 1'KL1: both are symmetric
        }
        return (trace + sumK * sumL / ((n - 1.0) * (n - 2.0)) - 2 / (n - 2.0) * sumKL) / (n * (n - 3.0));
    }
}

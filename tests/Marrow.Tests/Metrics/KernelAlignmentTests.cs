using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class KernelAlignmentTests
{
    private static float[][] Features(ulong seed, int images, int width)
    {
        var random = new SeededRandom(seed);
        return
        [
            .. Enumerable
                .Range(0, images)
                .Select(_ => Enumerable.Range(0, width).Select(_ => (float)random.NextGaussian()).ToArray()),
        ];
    }

    [Fact]
    public void The_same_features_are_1_and_a_turn_a_scale_or_a_shift_changes_nothing()
    {
        var a = Features(1, 12, 5);
        var b = Features(2, 12, 5);
        Assert.Equal(1, KernelAlignment.Unbiased(a, a), 12);

        var (cos, sin) = (Math.Cos(0.7), Math.Sin(0.7));
        float[][] turned =
        [
            .. a.Select(r =>
                new[]
                {
                    (float)(3 * (cos * r[0] - sin * r[3])),
                    3 * r[1],
                    3 * r[2],
                    (float)(3 * (sin * r[0] + cos * r[3])),
                    3 * r[4],
                }
            ),
        ];
        Assert.Equal(1, KernelAlignment.Unbiased(a, turned), 5);
        Assert.Equal(KernelAlignment.Unbiased(a, b), KernelAlignment.Unbiased(turned, b), 5);
        float[][] shifted = [.. a.Select(r => r.Select((v, i) => v + 8 * i).ToArray())];
        Assert.Equal(KernelAlignment.Unbiased(a, b), KernelAlignment.Unbiased(shifted, b), 5);
        Assert.Equal(KernelAlignment.Unbiased(a, b), KernelAlignment.Unbiased(b, a), 12);

        // A scale of one feature alone is another kernel.
        float[][] stretched = [.. a.Select(r => new[] { 5 * r[0], r[1], r[2], r[3], r[4] })];
        Assert.InRange(KernelAlignment.Unbiased(a, stretched), 0.1, 0.97);
    }

    [Fact]
    public void Unrelated_features_are_about_0_however_many_there_are()
    {
        // The plain estimate is near 1 here: 20 images, 2,000 features.
        var values = Enumerable
            .Range(0, 40)
            .Select(i =>
                KernelAlignment.Unbiased(Features((ulong)(2 * i), 20, 2000), Features((ulong)(2 * i + 1), 20, 2000)))
            .ToList();
        Assert.InRange(values.Average(), -0.05, 0.05);
        Assert.All(values, v => Assert.InRange(v, -0.5, 0.5));
    }

    [Fact]
    public void Numpy_gives_the_same_by_the_definition_with_a_centring_matrix()
    {
        var a = Features(3, 9, 4);
        var b = Features(4, 9, 7)
            .Zip(a, (row, other) => row.Select((v, i) => v + (i < 4 ? 2 * other[i] : 0)).ToArray())
            .ToArray();
        // U-centred inner products (Szekely and Rizzo 2014), which Song's estimate equals.
        var expected = NumpyPeer.Run(
            new { a, b },
            """
            def centred(x):
                k = np.array(x) @ np.array(x).T
                n = len(k)
                off = k - np.diag(np.diag(k))
                u = off - off.sum(0, keepdims=True) / (n - 2) - off.sum(1, keepdims=True) / (n - 2) + off.sum() / ((n - 1) * (n - 2))
                return u - np.diag(np.diag(u))
            ka, kb = centred(data["a"]), centred(data["b"])
            answer((ka * kb).sum() / np.sqrt((ka * ka).sum() * (kb * kb).sum()))
            """
        )[0];
        Assert.InRange(expected, 0.2, 0.95);
        Assert.Equal(expected, KernelAlignment.Unbiased(a, b), 5);
    }

    [Fact]
    public void Features_that_never_change_have_no_alignment_and_too_few_images_are_an_error()
    {
        var a = Features(1, 8, 3);
        Assert.True(double.IsNaN(KernelAlignment.Unbiased(a, [.. a.Select(_ => new float[] { 1, 2, 3 })])));
        Assert.Throws<ArgumentException>(() => KernelAlignment.Unbiased(a[..3], a[..3]));
        Assert.Throws<ArgumentException>(() => KernelAlignment.Unbiased(a, a[..5]));
    }
}

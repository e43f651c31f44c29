using CsCheck;
using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class AnglesTests
{
    private static readonly BootstrapOptions None = new() { Resamples = 0 };

    private static Dictionary<string, MetricValue> Measure(double[][] truth, double[][] predicted) =>
        Angles.Measure(truth, predicted, [.. truth.Select((_, i) => $"p{i}")], None).ToDictionary(m => m.Name);

    [Fact]
    public void It_agrees_with_numpy_and_scipy()
    {
        var (truth, predicted) = Random(1, 128, noise: 6);
        var expected = NumpyPeer.Run(new { truth, predicted }, """
            from scipy.stats import pearsonr, circmean
            t, p = np.array(data['truth']), np.array(data['predicted'])
            d = p - t
            smape = 100 * np.mean(np.abs(d).sum(1) / (t + p).sum(1))
            cmae = np.degrees(circmean(np.radians(np.abs(d)), high=np.pi, low=-np.pi))
            sd = d.std(ddof=1)
            each = [v for a in range(3) for v in (np.abs(d[:, a]).mean(), pearsonr(t[:, a], p[:, a])[0])]
            answer(smape, np.abs(d).mean(), cmae, np.linalg.norm(d, axis=1).mean(), np.abs(d).sum(1).mean(),
                   pearsonr(t.ravel(), p.ravel())[0], d.mean(), d.mean() - 1.96 * sd, d.mean() + 1.96 * sd, *each)
            """);
        var results = Angles.Measure(truth, predicted, [.. truth.Select((_, i) => $"p{i}")], None);
        string[] names =
        [
            "smape",
            "mae",
            "cmae",
            "euclidean",
            "manhattan",
            "pearson",
            "bias",
            "agreement-low",
            "agreement-high",
            "mae.cobb1", "pearson.cobb1", "mae.cobb2", "pearson.cobb2", "mae.cobb3", "pearson.cobb3"];
        Assert.Equal(names, results.Select(r => r.Name));
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], results[i].Value, 1e-9);
        Assert.Equal(("%", "deg", 128), (results[0].Unit, results[1].Unit, results[0].Count));
    }

    [Fact]
    public void Smape_is_a_ratio_for_each_image_and_then_their_mean()
    {
        // 10 of 90 and 10 of 10; the ratio of the sums would be 20 of 100.
        var results = Measure([[20, 10, 10], [0, 0, 0]], [[30, 10, 10], [10, 0, 0]]);
        Assert.Equal(100 * (10.0 / 90 + 1) / 2, results["smape"].Value, 1e-9);
        Assert.Equal(0, Angles.SmapeOf([0, 0, 0], [0, 0, 0]));
    }

    [Fact]
    public void Smape_is_symmetric_blind_to_scale_and_within_0_and_100() =>
        Gen.Select(Gen.Double[0, 90].Array[3], Gen.Double[-10, 90].Array[3], Gen.Double[0.1, 10])
            .Sample(
                (t, p, scale) =>
                {
                    var smape = Angles.SmapeOf(t, p);
                    Assert.InRange(smape, 0, 100 + 1e-9);
                    Assert.Equal(smape, Angles.SmapeOf(p, t), 1e-9);
                    Assert.Equal(
                        smape,
                        Angles.SmapeOf([.. t.Select(a => a * scale)], [.. p.Select(a => a * scale)]),
                        1e-9);
                },
                iter: 500);

    [Fact]
    public void The_truth_itself_is_perfect()
    {
        var (truth, _) = Random(2, 20, noise: 0);
        var results = Measure(truth, truth);
        Assert.All(results.Values.Where(m => !m.Name.StartsWith("pearson")), m => Assert.Equal(0, m.Value));
        Assert.All(results.Values.Where(m => m.Name.StartsWith("pearson")), m => Assert.Equal(1, m.Value, 12));
    }

    [Fact]
    public void A_constant_offset_is_bias_and_leaves_the_correlation()
    {
        var (truth, _) = Random(3, 20, noise: 0);
        var results = Measure(truth, [.. truth.Select(t => t.Select(a => a + 4).ToArray())]);
        foreach (var name in new[] { "bias", "agreement-low", "agreement-high", "mae", "cmae", "mae.cobb3" })
            Assert.Equal(4, results[name].Value, 1e-9);
        Assert.Equal(12, results["manhattan"].Value, 1e-9);
        Assert.Equal(4 * Math.Sqrt(3), results["euclidean"].Value, 1e-9);
        Assert.Equal(1, results["pearson"].Value, 1e-9);
    }

    [Fact]
    public void A_constant_prediction_has_no_correlation()
    {
        var (truth, _) = Random(4, 20, noise: 0);
        var results = Measure(truth, [.. truth.Select(_ => new[] { 31.1, 31.1, 31.1 })]);
        Assert.True(double.IsNaN(results["pearson"].Value));
        Assert.True(double.IsNaN(results["pearson.cobb2"].Value));
    }

    [Fact]
    public void Distances_keep_their_order() =>
        Gen.Double[0, 90]
            .Array[3]
            .Select(Gen.Double[0, 90].Array[3])
            .Array[1, 20]
            .Sample(
                pairs =>
                {
                    var results = Measure([.. pairs.Select(p => p.Item1)], [.. pairs.Select(p => p.Item2)]);
                    var (mae, euclidean, manhattan) = (
                        results["mae"].Value,
                        results["euclidean"].Value,
                        results["manhattan"].Value);
                    Assert.True(euclidean <= manhattan + 1e-9 && manhattan <= Math.Sqrt(3) * euclidean + 1e-9);
                    Assert.Equal(manhattan / 3, mae, 1e-9);
                    Assert.Equal(
                        mae,
                        (results["mae.cobb1"].Value + results["mae.cobb2"].Value + results["mae.cobb3"].Value) / 3,
                        1e-9);
                    Assert.True(results["agreement-low"].Value <= results["bias"].Value + 1e-9);
                },
                iter: 100);

    [Fact]
    public void Intervals_surround_their_values()
    {
        var (truth, predicted) = Random(5, 96, noise: 5);
        Assert.All(Angles.Measure(truth, predicted, [.. truth.Select((_, i) => $"p{i}")]), r =>
            Assert.True(r.Low < r.Value && r.Value < r.High, r.ToString()));
    }

    [Fact]
    public void Vectors_of_unequal_length_are_a_mistake_of_the_caller()
    {
        Assert.Throws<ArgumentException>(() => Measure([[1, 2, 3]], [[1, 2]]));
        Assert.Throws<ArgumentException>(() => Measure([[1, 2, 3]], []));
    }

    private static (double[][] Truth, double[][] Predicted) Random(ulong seed, int images, double noise)
    {
        var random = new SeededRandom(seed);
        double[][] truth =
        [
            .. Enumerable
                .Range(0, images)
                .Select(_ => new[] { random.Uniform(10, 80), random.Uniform(0, 50), random.Uniform(0, 50) }),
        ];
        return (truth, [.. truth.Select(t => t.Select(a => Math.Max(0, a + noise * random.NextGaussian())).ToArray())]);
    }
}

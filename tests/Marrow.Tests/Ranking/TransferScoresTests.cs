using Marrow.Training.Ranking;
using static TorchSharp.torch;

namespace Marrow.Tests.Ranking;

public class TransferScoresTests
{
    // More images than features, and fewer.
    public static TheoryData<int, int> Shapes => new() { { 60, 8 }, { 24, 50 } };

    [Theory, MemberData(nameof(Shapes))]
    public void LogME_is_the_log_evidence_at_its_best_precisions(int images, int dimensions)
    {
        var (features, classOf) = RandomFeatures.Classes(1, images, dimensions, 3, apart: 1.5);
        var targets = RandomFeatures.OneHot(classOf);
        // By the marginal density of the target itself, y ~ N(0, F F' / alpha + I / beta), maximised without the fixed
        // point.
        var expected = NumpyPeer.Run(
            new { features, targets },
            """
            from scipy.stats import multivariate_normal
            from scipy.optimize import minimize
            f, y = np.array(data['features']), np.array(data['targets'])
            n = len(f)
            def negative(p, t):
                return -multivariate_normal(np.zeros(n), f @ f.T * np.exp(-p[0]) + np.eye(n) * np.exp(-p[1])).logpdf(t)
            best = [min(minimize(negative, start, (t,), method='Nelder-Mead', options={'xatol': 1e-8, 'fatol': 1e-10, 'maxiter': 4000}).fun for start in ([0, 0], [2, 2], [3, 0])) for t in y.T]
            answer(-np.mean(best) / n)
            """
        )[0];
        using var x = RandomFeatures.Matrix(features);
        Assert.Equal(expected, TransferScores.LogMe(x, targets), 2e-4);
    }

    [Fact]
    public void LogME_leaves_out_the_images_whose_target_is_unknown()
    {
        var (features, classOf) = RandomFeatures.Classes(2, 40, 6, 2, apart: 1);
        double[][] targets = [.. classOf.Select((c, i) => (double[])[i < 10 ? double.NaN : c])];
        using var all = RandomFeatures.Matrix(features);
        using var known = RandomFeatures.Matrix(features[10..]);
        Assert.Equal(TransferScores.LogMe(known, targets[10..]), TransferScores.LogMe(all, targets), 1e-9);
    }

    [Theory, MemberData(nameof(Shapes))]
    public void HScore_agrees_with_numpy_and_the_shrinkage_of_scikit_learn(int images, int dimensions)
    {
        var (features, classOf) = RandomFeatures.Classes(3, images, dimensions, 3, apart: 1);
        var expected = NumpyPeer.Run(new { features, classOf }, """
            from sklearn.covariance import LedoitWolf
            f, y = np.array(data['features']), np.array(data['classOf'])
            f = f - f.mean(0)
            shrunk = LedoitWolf(assume_centered=True).fit(f)
            g = np.stack([f[y == c].mean(0) for c in y])
            answer(np.trace(np.linalg.pinv(shrunk.covariance_) @ ((1 - shrunk.shrinkage_) * np.cov(g, rowvar=False))))
            """)[0];
        using var x = RandomFeatures.Matrix(features);
        Assert.Equal(expected, TransferScores.HScore(x, classOf), 1e-8);
    }

    [Theory]
    [InlineData(60, 8)]
    [InlineData(40, 200)]
    [InlineData(200, 100)]
    public void Gbc_agrees_with_numpy(int images, int dimensions)
    {
        var (features, classOf) = RandomFeatures.Classes(4, images, dimensions, 3, apart: 1);
        var expected = NumpyPeer.Run(new { features, classOf }, """
            f, y = np.array(data['features']), np.array(data['classOf'])
            f = f - f.mean(0)
            u, s, vt = np.linalg.svd(f, full_matrices=False)
            kept = min(64, int((s > 1e-6 * s[0]).sum()))
            z = (f @ vt.T)[:, :kept]
            least = 1e-4 * (z ** 2).mean()
            m = [z[y == c].mean(0) for c in range(3)]
            v = [np.maximum(z[y == c].var(0), least) for c in range(3)]
            total = 0
            for i in range(3):
                for j in range(3):
                    if i == j: continue
                    w = (v[i] + v[j]) / 2
                    d = ((m[i] - m[j]) ** 2 / w).sum() / 8 + .5 * (np.log(w) - (np.log(v[i]) + np.log(v[j])) / 2).sum()
                    total -= np.exp(-d)
            answer(total)
            """)[0];
        using var x = RandomFeatures.Matrix(features);
        Assert.Equal(expected, TransferScores.Gbc(x, classOf), 1e-8);
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Turning_the_features_changes_no_score(int images, int dimensions)
    {
        var (features, classOf) = RandomFeatures.Classes(5, images, dimensions, 3, apart: 1);
        using var x = RandomFeatures.Matrix(features);
        using var turned = RandomFeatures.Matrix(RandomFeatures.Turned(features, 6));
        foreach (
            var score in (Func<Tensor, double>[])
                [
                    f => TransferScores.LogMe(f, RandomFeatures.OneHot(classOf)),
                    f => TransferScores.HScore(f, classOf),
                    f => TransferScores.Gbc(f, classOf),
                ])
            Assert.Equal(score(x), score(turned), 1e-7);
    }

    [Theory, MemberData(nameof(Shapes))]
    public void Features_that_hold_the_classes_score_above_those_that_do_not(int images, int dimensions)
    {
        var (good, classOf) = RandomFeatures.Classes(7, images, dimensions, 3, apart: 4);
        using var holding = RandomFeatures.Matrix(good);
        using var empty = RandomFeatures.Matrix(RandomFeatures.Rows(8, images, dimensions));
        Assert.True(
            TransferScores.LogMe(holding, RandomFeatures.OneHot(classOf))
                > TransferScores.LogMe(empty, RandomFeatures.OneHot(classOf)));
        Assert.True(TransferScores.HScore(holding, classOf) > TransferScores.HScore(empty, classOf));
        Assert.True(TransferScores.Gbc(holding, classOf) > TransferScores.Gbc(empty, classOf));
    }
}

using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Training.Ranking;

namespace Marrow.Tests.Ranking;

public class LinearProbeTests
{
    private static int[] Folds(int images, int folds = 5) =>
        PatientFolds.Assign([.. Enumerable.Range(0, images).Select(i => $"p{i / 2}")], [], folds, 1);

    [Theory]
    [InlineData(40, 6)]
    [InlineData(20, 30)]
    public void Ridge_agrees_with_scikit_learn(int images, int dimensions)
    {
        var features = RandomFeatures.Rows(1, images + 7, dimensions);
        var targets = RandomFeatures.Rows(2, images, 2);
        double[] penalties = [100, 1, 0.01];
        var expected = NumpyPeer.Run(
            new
            {
                train = features[..images],
                test = features[images..],
                targets,
                penalties,
            },
            """
            from sklearn.linear_model import Ridge
            a, b, y = np.array(data['train']), np.array(data['test']), np.array(data['targets'])
            answer(*np.concatenate([Ridge(alpha=p).fit(a, y).predict(b).ravel() for p in data['penalties']]))
            """
        );
        using var train = RandomFeatures.Matrix(features[..images]);
        using var test = RandomFeatures.Matrix(features[images..]);
        AssertEqual(expected, Ridge.Path(train, targets, test, penalties), 1e-8);
    }

    [Theory]
    [InlineData(60, 6)]
    [InlineData(24, 40)]
    public void Logistic_regression_agrees_with_scikit_learn_and_leaves_out_what_is_unknown(int images, int dimensions)
    {
        var features = RandomFeatures.Rows(3, images + 7, dimensions);
        var random = new SeededRandom(4);
        double[][] targets =
        [
            .. features[..images]
                .Select(
                    (row, i) =>
                        (double[])
                            [
                                row[0] + random.NextGaussian() > 0 ? 1 : 0,
                                i % 5 == 0 ? double.NaN
                                : row[1] > 0.3 ? 1
                                : 0,
                            ]),
        ];
        double[] penalties = [100, 1, 0.1];
        var expected = NumpyPeer.Run(
            new
            {
                train = features[..images],
                test = features[images..],
                targets,
                penalties,
            },
            """
            from sklearn.linear_model import LogisticRegression
            a, b, y = np.array(data['train']), np.array(data['test']), np.array(data['targets'], float)
            def logits(p, t):
                known = ~np.isnan(t)
                return LogisticRegression(C=1 / p, solver='newton-cg', tol=1e-10, max_iter=10000).fit(a[known], t[known]).decision_function(b)
            answer(*np.concatenate([np.stack([logits(p, t) for t in y.T], 1).ravel() for p in data['penalties']]))
            """
        );
        using var train = RandomFeatures.Matrix(features[..images]);
        using var test = RandomFeatures.Matrix(features[images..]);
        AssertEqual(expected, Logistic.Path(train, targets, test, penalties, tolerance: 1e-7), 1e-4);
    }

    [Fact]
    public void Fewer_dimensions_with_the_same_inner_products_predict_the_same()
    {
        var features = RandomFeatures.Rows(5, 20, 50);
        var targets = RandomFeatures.Rows(6, 15, 1);
        using var x = RandomFeatures.Matrix(features);
        using var z = Algebra.Coordinates(x);
        Assert.Equal(20, z.shape[1]);
        int[] train = [.. Enumerable.Range(0, 15)], test = [.. Enumerable.Range(15, 5)];
        double[][] Predict(TorchSharp.torch.Tensor rows)
        {
            using var a = Algebra.Take(rows, train);
            using var b = Algebra.Take(rows, test);
            return Ridge.Path(a, targets, b, [0.5])[0];
        }
        AssertEqual([.. Predict(x).SelectMany(r => r)], [Predict(z)], 1e-9);
    }

    [Fact]
    public void Features_that_hold_the_label_find_it_and_others_do_not()
    {
        var labels = Enumerable.Range(0, 120).Select(i => (double[])[i % 3 == 0 ? 1 : 0]).ToArray();
        var noise = RandomFeatures.Rows(7, 120, 300);
        Assert.InRange(Auroc(noise, labels), 0.3, 0.7);
        for (var i = 0; i < noise.Length; i++)
        {
            for (var d = 0; d < 30; d++) // a tenth of the features
                noise[i][d] += 2 * labels[i][0];
        }
        Assert.InRange(Auroc(noise, labels), 0.99, 1);
    }

    [Fact]
    public void Labels_in_a_random_order_are_found_by_chance_alone()
    {
        var (features, classOf) = RandomFeatures.Classes(8, 100, 40, 2, apart: 3);
        Assert.True(Auroc(features, [.. classOf.Select(c => (double[])[c])]) > 0.95);
        var values = Enumerable.Range(0, 8).Select(seed =>
        {
            int[] shuffled = [.. classOf];
            new SeededRandom((ulong)seed).Shuffle<int>(shuffled);
            return Auroc(features, [.. shuffled.Select(c => (double[])[c])]);
        }).ToList();
        Assert.InRange(values.Average(), 0.4, 0.6);
    }

    [Fact]
    public void Angles_that_are_linear_in_the_features_are_found_to_a_fraction_of_a_degree()
    {
        var features = RandomFeatures.Rows(9, 90, 200);
        double[][] degrees = [.. features.Select(f => (double[])[30 + 10 * f[0], 20 + 5 * f[1]])];
        // scales do not matter
        var wide = features.Select(f => f.Select((v, d) => d < 2 ? 100 * v : v * 1e-3).ToArray()).ToArray();
        double Error(double[][] rows)
        {
            using var x = RandomFeatures.Matrix(rows);
            return LinearProbe
                .Predict(x, degrees, Folds(90), Ridge.Path, Ridge.SquaredError)
                .Zip(degrees, (p, t) => Math.Abs(p[0] - t[0]))
                .Average();
        }
        Assert.Equal(Error(features), Error(wide), 1e-6);
        using var few = RandomFeatures.Matrix([.. features.Select(f => f[..20])]);
        Assert.True(
            LinearProbe
                .Predict(few, degrees, Folds(90), Ridge.Path, Ridge.SquaredError)
                .Zip(degrees, (p, t) => Math.Abs(p[0] - t[0]))
                .Average() < 0.05);
    }

    [Fact]
    public void No_label_decides_about_its_own_fold()
    {
        var (features, classOf) = RandomFeatures.Classes(10, 60, 30, 2, apart: 1);
        var folds = Folds(60);
        double[][] labels = [.. classOf.Select(c => (double[])[c])],
            others = [.. labels.Select((l, i) => folds[i] == 2 ? (double[])[1 - l[0]] : l)];
        using var x = RandomFeatures.Matrix(features);
        var (first, second) = (
            LinearProbe.Predict(x, labels, folds, Logistic.Path, Logistic.CrossEntropy),
            LinearProbe.Predict(x, others, folds, Logistic.Path, Logistic.CrossEntropy));
        Assert.All(Enumerable.Range(0, 60).Where(i => folds[i] == 2), i => Assert.Equal(first[i][0], second[i][0]));
        Assert.Contains(Enumerable.Range(0, 60), i => folds[i] != 2 && first[i][0] != second[i][0]);
    }

    private static double Auroc(double[][] features, double[][] labels)
    {
        using var x = RandomFeatures.Matrix(features);
        var logits = LinearProbe.Predict(x, labels, Folds(labels.Length), Logistic.Path, Logistic.CrossEntropy);
        return Classification.Auroc([.. labels.Select(l => (float)l[0])], [.. logits.Select(l => (float)l[0])]);
    }

    private static void AssertEqual(double[] expected, IReadOnlyList<double[][]> found, double tolerance)
    {
        double[] all = [.. found.SelectMany(p => p).SelectMany(row => row)];
        Assert.Equal(expected.Length, all.Length);
        Assert.All(expected.Zip(all), pair => Assert.Equal(pair.First, pair.Second, tolerance));
    }
}

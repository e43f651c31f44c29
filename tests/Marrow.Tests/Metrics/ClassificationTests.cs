using CsCheck;
using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class ClassificationTests
{
    private static readonly BootstrapOptions None = new() { Resamples = 0 };

    // Labels 0, 1, NaN (unknown) or 0.7 (soft); scores on a coarse grid, so that many tie.
    private static readonly float[] Labels = [0, 1, 0, 1, float.NaN, 0.7f];

    private static readonly Gen<(float Label, float Score)[]> Cases = Gen.Select(
        Gen.Int[0, Labels.Length - 1].Select(i => Labels[i]),
        Gen.Int[0, 20].Select(i => i / 20f)
    ).Array[0, 60];

    private static (float[] Labels, float[] Scores) Split((float Label, float Score)[] cases) =>
        ([.. cases.Select(c => c.Label)], [.. cases.Select(c => c.Score)]);

    [Fact]
    public void Auroc_is_the_share_of_pairs_in_the_right_order() => Cases.Sample(cases =>
    {
        var (labels, scores) = Split(cases);
        double right = 0, pairs = 0;
        for (var i = 0; i < cases.Length; i++)
            for (var j = 0; j < cases.Length; j++)
            {
                if (labels[i] != 1 || labels[j] != 0)
                    continue;
                pairs++;
                right += scores[i] > scores[j] ? 1 : scores[i] == scores[j] ? 0.5 : 0;
            }
        Assert.Equal(right / pairs, Classification.Auroc(labels, scores), 1e-12);
    }, iter: 300);

    [Fact]
    public void Auroc_turns_over_with_the_scores_and_ignores_their_scale() => Cases.Sample(cases =>
    {
        var (labels, scores) = Split(cases);
        var auroc = Classification.Auroc(labels, scores);
        Assert.Equal(1 - auroc, Classification.Auroc(labels, [.. scores.Select(s => -s)]), 1e-12);
        Assert.Equal(auroc, Classification.Auroc(labels, [.. scores.Select(s => MathF.Exp(s) * 7 - 3)]), 1e-12);
    }, iter: 200);

    [Fact]
    public void Weights_count_as_copies() => Gen.Select(Cases, Gen.Int[0, 3].Array[60]).Sample((cases, weights) =>
    {
        var (labels, scores) = Split(cases);
        int[] w = weights[..cases.Length];
        var (copiedLabels, copiedScores) = Split([.. cases.SelectMany((c, i) => Enumerable.Repeat(c, w[i]))]);
        Assert.Equal(Classification.Auroc(copiedLabels, copiedScores), Classification.Auroc(labels, scores, w), 1e-12);
    }, iter: 200);

    [Fact]
    public void Auroc_of_a_perfect_an_inverse_and_a_constant_score()
    {
        float[] labels = [0, 0, 1, 1, 1];
        Assert.Equal(1, Classification.Auroc(labels, [.1f, .2f, .3f, .4f, .5f]));
        Assert.Equal(0, Classification.Auroc(labels, [5, 4, 3, 2, 1]));
        Assert.Equal(0.5, Classification.Auroc(labels, [1, 1, 1, 1, 1]));
        Assert.True(double.IsNaN(Classification.Auroc([1, 1], [1, 2])));
        Assert.True(double.IsNaN(Classification.Auroc([0, 0, float.NaN], [1, 2, 3])));
        Assert.True(double.IsNaN(Classification.Auroc([0, 1], [float.NaN, 1])));
    }

    [Fact]
    public void Several_labels_agree_with_scikit_learn()
    {
        var (truth, scores, patients) = Random(1, images: 200, classes: 3, unknown: 0.2);
        var expected = NumpyPeer.Run(
            new { truth, scores },
            """
            from sklearn.metrics import roc_auc_score, accuracy_score, cohen_kappa_score, recall_score
            t, s = np.array(data['truth'], float), np.array(data['scores'], np.float32)
            def each(f): return [f(t[~np.isnan(t[:, c]), c], s[~np.isnan(t[:, c]), c]) for c in range(t.shape[1])]
            rows = [each(roc_auc_score), each(lambda a, b: accuracy_score(a, b >= .4)), each(lambda a, b: cohen_kappa_score(a, b >= .4)),
                    each(lambda a, b: recall_score(a, b >= .4)), each(lambda a, b: recall_score(a, b >= .4, pos_label=0))]
            answer(*[np.mean(r) for r in rows], *[v for r in rows for v in r])
            """
        );
        var results = Classification.Measure(
            ["a", "b", "c"],
            truth,
            scores,
            patients,
            exclusive: false,
            threshold: 0.4,
            None);
        Assert.Equal(
            ["auroc", "accuracy", "kappa", "sensitivity", "specificity", "auroc.a", "auroc.b", "auroc.c"],
            results.Take(8).Select(r => r.Name));
        AssertEqual(expected, results);
        Assert.Equal(truth.Count(t => !float.IsNaN(t[1])), results.Single(r => r.Name == "kappa.b").Count);
    }

    [Fact]
    public void Exclusive_classes_agree_with_scikit_learn()
    {
        var (_, scores, patients) = Random(2, images: 150, classes: 4, unknown: 0);
        var random = new SeededRandom(3);
        int[] classes = [.. scores.Select(s => random.NextDouble() < 0.5 ? Array.IndexOf(s, s.Max()) : random.Next(4))];
        float[][] truth = [.. classes.Select(c => Enumerable.Range(0, 4).Select(k => k == c ? 1f : 0f).ToArray())];
        var expected = NumpyPeer.Run(
            new { classes, scores },
            """
            from sklearn.metrics import roc_auc_score, accuracy_score, cohen_kappa_score, recall_score
            t, s = np.array(data['classes']), np.array(data['scores'], np.float32)
            p = s.argmax(1)
            r = range(4)
            auroc = [roc_auc_score(t == c, s[:, c]) for c in r]
            accuracy = [accuracy_score(t == c, p == c) for c in r]
            kappa = [cohen_kappa_score(t == c, p == c) for c in r]
            sensitivity = [recall_score(t == c, p == c) for c in r]
            specificity = [recall_score(t == c, p == c, pos_label=0) for c in r]
            answer(np.mean(auroc), accuracy_score(t, p), cohen_kappa_score(t, p), np.mean(sensitivity), np.mean(specificity),
                   *auroc, *accuracy, *kappa, *sensitivity, *specificity)
            """
        );
        AssertEqual(
            expected,
            Classification.Measure(["a", "b", "c", "d"], truth, scores, patients, exclusive: true, bootstrap: None));
    }

    [Fact]
    public void A_class_without_positives_is_left_out_of_the_mean()
    {
        float[][] truth = [[0, 0], [1, 0], [0, 0], [1, float.NaN]];
        float[][] scores = [[.1f, .9f], [.6f, .2f], [.7f, .3f], [.9f, .4f]];
        var results = Classification.Measure(
            ["a", "b"],
            truth,
            scores,
            ["1", "2", "3", "4"],
            exclusive: false,
            bootstrap: None);
        Assert.Equal(0.75, results.Single(r => r.Name == "auroc").Value);
        Assert.Equal(0.75, results.Single(r => r.Name == "auroc.a").Value);
        Assert.True(double.IsNaN(results.Single(r => r.Name == "auroc.b").Value));
        Assert.True(double.IsNaN(results.Single(r => r.Name == "sensitivity.b").Value));
        Assert.Equal(
            (4, 3),
            (results.Single(r => r.Name == "auroc").Count, results.Single(r => r.Name == "auroc.b").Count));
    }

    [Fact]
    public void Unknown_labels_change_nothing()
    {
        var (truth, scores, patients) = Random(4, images: 80, classes: 2, unknown: 0);
        var more = Classification.Measure(["a", "b"],
            [.. truth, [float.NaN, float.NaN], [0.5f, 0.9f]],
            [.. scores, [1, 0], [0, 1]],
            [.. patients, "x", "y"],
            exclusive: false,
            bootstrap: None);
        Assert.Equivalent(
            Classification.Measure(["a", "b"], truth, scores, patients, exclusive: false, bootstrap: None),
            more,
            strict: true);
    }

    [Fact]
    public void A_diverged_model_is_never_right()
    {
        float[][] truth = [[1, 0], [0, 1], [1, 0]];
        float[][] scores = [[float.NaN, float.NaN], [0, 1], [1, 0]];
        var results = Classification.Measure(
            ["a", "b"],
            truth,
            scores,
            ["1", "2", "3"],
            exclusive: true,
            bootstrap: None);
        Assert.Equal(2 / 3.0, results.Single(r => r.Name == "accuracy").Value, 1e-12);
        Assert.True(results.Single(r => r.Name == "kappa").Value < 1);
        Assert.True(double.IsNaN(results.Single(r => r.Name == "auroc").Value));
    }

    [Fact]
    public void Kappa_is_symmetric_and_bounded_and_blind_to_names() =>
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3]).Array[1, 40].Sample(pairs =>
        {
            int[] a = [.. pairs.Select(p => p.Item1)], b = [.. pairs.Select(p => p.Item2)];
            var kappa = Classification.Kappa(a, b);
            Assert.Equal(kappa, Classification.Kappa(b, a), 1e-12);
            Assert.Equal(kappa, Classification.Kappa([.. a.Select(x => 3 - x)], [.. b.Select(x => 3 - x)]), 1e-12);
            Assert.True(double.IsNaN(kappa) || kappa is >= -1 and <= 1);
            Assert.True(a.Distinct().Count() == 1 || Classification.Kappa(a, a) == 1);
        }, iter: 300);

    [Fact]
    public void The_interval_surrounds_the_value()
    {
        var (truth, scores, patients) = Random(5, images: 300, classes: 2, unknown: 0.1);
        var results = Classification.Measure(["a", "b"], truth, scores, patients, exclusive: false);
        Assert.All(results, r => Assert.True(r.Low < r.Value && r.Value < r.High, r.ToString()));
    }

    private static (float[][] Truth, float[][] Scores, string[] Patients) Random(
        ulong seed,
        int images,
        int classes,
        double unknown)
    {
        var random = new SeededRandom(seed);
        var (truth, scores) = (new float[images][], new float[images][]);
        for (var i = 0; i < images; i++)
        {
            (truth[i], scores[i]) = (new float[classes], new float[classes]);
            for (var c = 0; c < classes; c++)
            {
                var isPositive = random.NextDouble() < 0.3 + 0.1 * c;
                truth[i][c] = random.NextDouble() < unknown ? float.NaN : isPositive ? 1 : 0;
                scores[i][c] = (float)
                    Math.Round(Math.Clamp((isPositive ? 0.55 : 0.4) + 0.2 * random.NextGaussian(), 0, 1), 2);
            }
        }
        return (truth, scores, [.. Enumerable.Range(0, images).Select(i => $"p{i / 2}")]);
    }

    private static void AssertEqual(double[] expected, IReadOnlyList<MetricValue> results)
    {
        Assert.Equal(expected.Length, results.Count);
        for (var i = 0; i < expected.Length; i++)
            Assert.True(
                Math.Abs(expected[i] - results[i].Value) < 1e-9,
                $"{results[i].Name}: expected {expected[i]}, found {results[i].Value}");
    }
}

using Marrow.Imaging;
using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class FreeResponseTests
{
    private static readonly BootstrapOptions None = new() { Resamples = 0 };
    private static readonly DetectionBox A = new(0, 0, 10, 10), B = new(50, 50, 60, 60), Stray = new(100, 0, 110, 10);

    private static Dictionary<string, double> Measure(DetectionBox[][] truth, ScoredBox[][] found) =>
        FreeResponse
            .Measure(truth, found, [.. truth.Select((_, i) => $"p{i}")], None)
            .ToDictionary(v => v.Name, v => v.Value);

    // Every score is tried as the threshold; a rate has the best recall of those that keep it.
    private const string ByThreshold = """
        answers = []
        for rate in [.125, .25, .5, 1, 2, 4, 8]:
            best = 0.
            for s in sorted(set(data['scores'])):
                shown = [h for h, score in zip(data['hits'], data['scores']) if score >= s]
                if shown.count(False) <= rate * data['images']:
                    best = max(best, shown.count(True) / data['boxes'])
            answers.append(best)
        answer(np.mean(answers), *answers)
        """;

    [Fact]
    public void It_is_the_best_recall_of_all_thresholds_that_keep_the_rate()
    {
        var random = new SeededRandom(4);
        var (truth, found) = (new DetectionBox[40][], new ScoredBox[40][]);
        var (hits, scores) = (new List<bool>(), new List<double>());
        for (var i = 0; i < truth.Length; i++)
        {
            truth[i] = i % 3 == 0 ? [] : [A, B with { Class = 1 }];
            var isFound = random.NextDouble() < 0.7;
            var score = Math.Round(random.NextDouble(), 1); // Some are equal.
            ScoredBox[] strays =
            [
                .. Enumerable
                    .Range(0, random.Next(3))
                    .Select(k => new ScoredBox(
                        Stray with
                        {
                            Top = 100 * k,
                            Bottom = 100 * k + 10,
                            Class = k % 2,
                        },
                        Math.Round(random.NextDouble(), 1))),
            ];
            found[i] = truth[i].Length > 0 && isFound ? [new(A, score), .. strays] : strays;
            hits.AddRange(found[i].Select(f => f.Box == A));
            scores.AddRange(found[i].Select(f => f.Score));
        }
        var expected = NumpyPeer.Run(
            new
            {
                hits,
                scores,
                images = truth.Length,
                boxes = truth.Sum(t => t.Length),
            },
            ByThreshold);

        Assert.Equal(expected, Measure(truth, found).Values.ToArray(), (a, b) => Math.Abs(a - b) < 1e-9);
    }

    [Fact]
    public void False_boxes_on_images_without_any_true_one_count()
    {
        DetectionBox[][] truth = [[A], []];
        ScoredBox[][] found = [[new(A, 0.5)], [new(Stray, 0.9)]];
        var values = Measure(truth, found);

        Assert.Equal(0, values["froc.0.25"]);
        Assert.Equal(1, values["froc.0.5"]); // one false box on two images
    }

    [Fact]
    public void A_box_of_another_class_is_not_found()
    {
        Assert.Equal(0, Measure([[A]], [[new(A with { Class = 1 }, 0.9)]])["froc.8"]);
        Assert.Equal(1, Measure([[A]], [[new(A, 0.9)]])["froc.0.125"]);
        Assert.True(double.IsNaN(Measure([[]], [[new(A, 0.9)]])["froc"]));
    }
}

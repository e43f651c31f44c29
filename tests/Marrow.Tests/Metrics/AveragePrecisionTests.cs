using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Spine;

namespace Marrow.Tests.Metrics;

public class AveragePrecisionTests
{
    private static readonly BootstrapOptions None = new() { Resamples = 0 };

    private static (double Ap, double Ap50, double Ap75) Measure(DetectionBox[][] truth, ScoredBox[][] found)
    {
        var results = AveragePrecision.Measure(truth, found, [.. truth.Select((_, i) => $"p{i}")], None);
        Assert.Equal(["ap", "ap50", "ap75"], results.Select(r => r.Name));
        return (results[0].Value, results[1].Value, results[2].Value);
    }

    // COCOeval's evaluateImg and accumulate, by numpy.
    private const string Coco = """
        thresholds = np.linspace(.5, .95, 10)
        recalls = np.linspace(0, 1, 101)
        def iou(a, b):
            w = min(a[2], b[2]) - max(a[0], b[0]); h = min(a[3], b[3]) - max(a[1], b[1])
            if w <= 0 or h <= 0: return 0.
            return w * h / ((a[2]-a[0])*(a[3]-a[1]) + (b[2]-b[0])*(b[3]-b[1]) - w*h)
        result = []
        for t in thresholds:
            scores, hits, boxes = [], [], 0
            for gts, dts in zip(data['truth'], data['found']):
                boxes += len(gts)
                order = np.argsort([-d[4] for d in dts], kind='mergesort')[:100]
                used = set()
                for i in order:
                    best, m = min(t, 1 - 1e-10), -1
                    for g, gt in enumerate(gts):
                        if g in used: continue
                        v = iou(dts[i], gt)
                        if v < best: continue
                        best, m = v, g
                    if m >= 0: used.add(m)
                    scores.append(dts[i][4]); hits.append(m >= 0)
            order = np.argsort(-np.array(scores), kind='mergesort')
            tp = np.cumsum(np.array(hits)[order]).astype(float)
            rc, pr = tp / boxes, tp / (np.arange(len(tp)) + 1 + np.spacing(1))
            pr = np.maximum.accumulate(pr[::-1])[::-1]
            inds = np.searchsorted(rc, recalls, side='left')
            result.append(np.mean([pr[i] if i < len(pr) else 0 for i in inds]))
        answer(np.mean(result), result[0], result[5])
        """;

    [Theory]
    [InlineData(1, 12, 17)]
    [InlineData(2, 3, 2)]
    [InlineData(3, 2, 120)] // More than the 100 that count.
    public void It_is_COCOs(ulong seed, int images, int boxes)
    {
        var (truth, found) = Random(seed, images, boxes);
        var expected = NumpyPeer.Run(
            new
            {
                truth = truth.Select(i => i.Select(b => new[] { b.Left, b.Top, b.Right, b.Bottom })),
                found = found.Select(i =>
                    i.Select(f => new[] { f.Box.Left, f.Box.Top, f.Box.Right, f.Box.Bottom, f.Score })),
            },
            Coco);
        var (ap, ap50, ap75) = Measure(truth, found);
        Assert.Equal(expected[0], ap, 1e-9);
        Assert.Equal(expected[1], ap50, 1e-9);
        Assert.Equal(expected[2], ap75, 1e-9);
        Assert.True(0 < ap && ap <= ap50);
    }

    [Fact]
    public void Perfect_detections_score_one_and_none_score_zero()
    {
        var (truth, _) = Random(4, 5, 9);
        Assert.Equal(
            (1, 1, 1),
            Measure(truth, [.. truth.Select(i => i.Select((b, n) => new ScoredBox(b, 1.0 / (n + 1))).ToArray())]));
        Assert.Equal((0, 0, 0), Measure(truth, [.. truth.Select(_ => Array.Empty<ScoredBox>())]));
        Assert.True(double.IsNaN(Measure([[]], [[new(new(0, 0, 1, 1), 1)]]).Ap));
    }

    [Fact]
    public void Half_the_boxes_found_is_fifty_one_of_the_101_recalls()
    {
        DetectionBox a = new(0, 0, 10, 10), b = new(50, 50, 60, 60);
        Assert.Equal(51 / 101.0, Measure([[a, b]], [[new(a, 0.9)]]).Ap50, 1e-12);
        // A stray before it halves the precision; after it, it costs nothing.
        DetectionBox stray = new(100, 0, 110, 10);
        Assert.Equal(51 / 101.0 / 2, Measure([[a, b]], [[new(a, 0.8), new(stray, 0.9)]]).Ap50, 1e-12);
        Assert.Equal(51 / 101.0, Measure([[a, b]], [[new(a, 0.8), new(stray, 0.7)]]).Ap50, 1e-12);
        // A second detection of the same box is a stray: precision 1 up to recall 0.5, then 2 of 3.
        Assert.Equal(
            (51 + 50 * 2 / 3.0) / 101,
            Measure(
                [
                    [a, b],
                ],
                [
                    [new(a, 0.9), new(a, 0.8), new(b, 0.7)],
                ]
            ).Ap50,
            1e-12);
        // An overlap of 0.7 is found at IoU 0.5, and at 0.75 a stray.
        ScoredBox[][] flat = [[new(new(0, 0, 10, 7), 0.9)]];
        Assert.Equal((1, 0), (Measure([[a]], flat).Ap50, Measure([[a]], flat).Ap75));
    }

    [Fact]
    public void Only_the_order_of_scores_matters_and_not_where_the_image_lies()
    {
        var (truth, found) = Random(5, 6, 8);
        var expected = Measure(truth, found);
        Assert.Equal(
            expected,
            Measure(
                truth,
                [.. found.Select(i => i.Select(f => f with { Score = Math.Exp(f.Score) * 3 - 8 }).ToArray())]));
        static DetectionBox Move(DetectionBox b) =>
            new(4 * b.Left - 64, 4 * b.Top + 128, 4 * b.Right - 64, 4 * b.Bottom + 128);
        var moved = Measure(
            [.. truth.Select(i => i.Select(Move).ToArray())],
            [.. found.Select(i => i.Select(f => f with { Box = Move(f.Box) }).ToArray())]);
        Assert.Equal(expected.Ap, moved.Ap, 1e-9);
    }

    [Fact]
    public void Weights_in_the_interval_count_as_copies_of_the_image()
    {
        var (truth, found) = Random(6, 5, 7);
        var score = 0; // All different: the order of equal scores would differ between copies and weights.
        found = [.. found.Select(i => i.Select(f => f with { Score = f.Score + 1e-6 * score++ }).ToArray())];
        int[] copies = [2, 0, 1, 3, 1];
        DetectionBox[][] copiedTruth = [.. truth.SelectMany((t, i) => Enumerable.Repeat(t, copies[i]))];
        ScoredBox[][] copiedFound = [.. found.SelectMany((f, i) => Enumerable.Repeat(f, copies[i]))];
        // Images of one patient are drawn together: two resamples of two patients are all of one or all of the other.
        var whole = Measure(copiedTruth, copiedFound).Ap;
        string[] patients =
        [
            .. copies.SelectMany((n, i) => Enumerable.Repeat("a", n)),
            .. copies.SelectMany((n, i) => Enumerable.Repeat("b", n)),
        ];
        var twice = AveragePrecision.Measure(
            [.. copiedTruth, .. copiedTruth],
            [.. copiedFound, .. copiedFound],
            patients,
            new() { Resamples = 50 }
        )[0];
        Assert.Equal(whole, twice.Value, 1e-9);
        Assert.Equal(whole, twice.Low, 1e-9);
        Assert.Equal(whole, twice.High, 1e-9);
    }

    [Fact]
    public void Iou_of_boxes()
    {
        DetectionBox a = new(0, 0, 4, 2);
        Assert.Equal(1, a.IoU(a));
        Assert.Equal(1 / 3.0, a.IoU(new(2, 0, 6, 2)), 1e-12);
        Assert.Equal(0, a.IoU(new(4, 0, 6, 2)));
        Assert.Equal(0, new DetectionBox(1, 1, 1, 1).IoU(new(1, 1, 1, 1)));
    }

    [Fact]
    public void A_box_surrounds_the_corners_of_a_vertebra() =>
        Assert.Equal(
            new DetectionBox(-1, 0, 12, 9),
            DetectionBox.Around(new Vertebra(new(0, 0), new(10, 2), new(-1, 7), new(12, 9))));

    [Fact]
    public void Of_several_classes_it_is_the_mean_over_those_that_some_image_has()
    {
        var (first, firstFound) = Random(5, 6, 5);
        var (second, secondFound) = Random(6, 6, 3);
        DetectionBox[][] truth = [.. first.Zip(second, (a, b) => (DetectionBox[])[.. a, .. b.Select(OfOther)])];
        ScoredBox[][] found = [.. firstFound.Zip(secondFound, (a, b) =>
            (ScoredBox[])[.. a, .. b.Select(f => f with { Box = OfOther(f.Box) }), new(new(0, 0, 9, 9, 2), 1)])];

        var (of, ofOther) = (Measure(first, firstFound), Measure(second, secondFound));
        var both = Measure(truth, found);
        Assert.Equal((of.Ap + ofOther.Ap) / 2, both.Ap, 1e-12);
        Assert.Equal((of.Ap50 + ofOther.Ap50) / 2, both.Ap50, 1e-12);

        static DetectionBox OfOther(DetectionBox box) => box with { Class = 1 };
    }

    private static (DetectionBox[][] Truth, ScoredBox[][] Found) Random(ulong seed, int images, int boxes)
    {
        var random = new SeededRandom(seed);
        var (truth, found) = (new DetectionBox[images][], new ScoredBox[images][]);
        for (var i = 0; i < images; i++)
        {
            truth[i] =
            [
                .. Enumerable
                    .Range(0, boxes)
                    .Select(n => Box(random.Uniform(0, 30), 30 * n + random.Uniform(0, 5), 60, 30)),
            ];
            var near = truth[i]
                .Where(_ => random.NextDouble() < 0.9)
                .Select(b => new ScoredBox(
                    Box(
                        b.Left + 6 * random.NextGaussian(),
                        b.Top + 3 * random.NextGaussian(),
                        60 + 5 * random.NextGaussian(),
                        30 + 2 * random.NextGaussian()),
                    Math.Round(random.NextDouble(), 1)));
            var stray = Enumerable
                .Range(0, boxes / 3)
                .Select(_ => new ScoredBox(
                    Box(random.Uniform(0, 300), random.Uniform(0, 30 * boxes), 60, 30),
                    random.Uniform(0, 0.5)));
            found[i] = [.. near, .. stray];
        }
        return (truth, found);
    }

    private static DetectionBox Box(double left, double top, double width, double height) =>
        new(left, top, left + width, top + height);
}

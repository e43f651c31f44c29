using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Spine;

namespace Marrow.Tests.Metrics;

public class LandmarksTests
{
    private static readonly BootstrapOptions None = new() { Resamples = 0 };

    private static Dictionary<string, MetricValue> Measure(params LandmarkPair[] pairs) =>
        Landmarks.Measure(pairs, None).ToDictionary(m => m.Name);

    [Fact]
    public void It_agrees_with_numpy()
    {
        var pairs = Enumerable.Range(0, 12).Select(i => Pair((ulong)i, sigma: 4)).ToArray();
        var expected = NumpyPeer.Run(new
        {
            truth = pairs.Select(p => p.Truth.Select(Flat)),
            found = pairs.Select(p => p.Found.Select(Flat)),
            size = pairs.Select(p => new[] { p.ImageWidth, p.ImageHeight }),
        }, """
            t, f, s = [np.array(data[k], float) for k in ('truth', 'found', 'size')]
            t, f = t.reshape(len(s), 17, 4, 2), f.reshape(len(s), 17, 4, 2)
            d = np.linalg.norm(t - f, axis=-1)
            n = (((t - f) / s[:, None, None]) ** 2).mean()
            answer(1, d.mean(), np.median(d), n, *d.mean((0, 1)))
            """);
        var results = Landmarks.Measure(pairs, None);
        string[] names =
        [
            "complete-spines",
            "landmark-error",
            "landmark-error-median",
            "landmark-nmse",
            "landmark-error.top-left",
            "landmark-error.top-right", "landmark-error.bottom-left", "landmark-error.bottom-right"];
        Assert.Equal(names, results.Select(r => r.Name));
        for (var i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], results[i].Value, 1e-9);
        Assert.Equal("px", results[1].Unit);
    }

    [Fact]
    public void The_truth_itself_has_no_error()
    {
        var pair = Pair(1, sigma: 0);
        Assert.All(Landmarks.Measure([pair], None).Skip(1), m => Assert.Equal(0, m.Value));
        Assert.Equal(1, Landmarks.Measure([pair], None)[0].Value);
    }

    [Fact]
    public void A_shift_is_the_error_in_pixels_and_scales_with_the_image_but_not_in_nmse()
    {
        var pair = Pair(2, sigma: 0);
        LandmarkPair Shifted(double scale) =>
            pair with
            {
                Truth = [.. pair.Truth.Select(v => v.Transform(AffineTransform.Scale(scale, scale)))],
                Found =
                [
                    .. pair.Truth.Select(v =>
                        v.Transform(AffineTransform.Translate(3, -4).Then(AffineTransform.Scale(scale, scale)))),
                ],
                ImageWidth = (int)(pair.ImageWidth * scale),
                ImageHeight = (int)(pair.ImageHeight * scale),
            };
        var once = Measure(Shifted(1));
        Assert.Equal(5, once["landmark-error"].Value, 1e-9);
        Assert.Equal(5, once["landmark-error-median"].Value, 1e-9);
        Assert.Equal(5, once["landmark-error.bottom-right"].Value, 1e-9);
        Assert.Equal((9.0 / (800 * 800) + 16.0 / (2400 * 2400)) / 2, once["landmark-nmse"].Value, 1e-12);
        var twice = Measure(Shifted(2));
        Assert.Equal(10, twice["landmark-error"].Value, 1e-9);
        Assert.Equal(once["landmark-nmse"].Value, twice["landmark-nmse"].Value, 1e-12);
    }

    [Fact]
    public void An_incomplete_spine_is_counted_and_adds_no_error()
    {
        var whole = Pair(3, sigma: 2);
        var short_ = Pair(4, sigma: 50) with { Found = [.. Pair(4, sigma: 50).Found.Skip(1)] };
        var results = Measure(whole, short_);
        Assert.Equal((0.5, 2), (results["complete-spines"].Value, results["complete-spines"].Count));
        Assert.Equal(Measure(whole)["landmark-error"].Value, results["landmark-error"].Value);
        Assert.Equal(1, results["landmark-error"].Count);
    }

    [Fact]
    public void Without_a_complete_spine_the_error_is_undefined()
    {
        var results = Measure(Pair(5, sigma: 1) with { Found = [] });
        Assert.Equal(0, results["complete-spines"].Value);
        Assert.True(double.IsNaN(results["landmark-error"].Value));
        Assert.True(double.IsNaN(results["landmark-error-median"].Value));
    }

    [Fact]
    public void Intervals_surround_their_values()
    {
        var pairs = Enumerable.Range(0, 40).Select(i => Pair((ulong)i, sigma: 2 + i % 5)).ToArray();
        Assert.All(Landmarks.Measure(pairs).Skip(1), r =>
            Assert.True(r.Low < r.Value && r.Value < r.High, r.ToString()));
    }

    private static LandmarkPair Pair(ulong seed, double sigma)
    {
        var random = new SeededRandom(seed);
        Point2D Near(double x, double y) => new(x + 10 * random.NextGaussian(), y + 3 * random.NextGaussian());
        Vertebra[] truth =
        [
            .. Enumerable
                .Range(0, Vertebra.Count)
                .Select(i => new Vertebra(
                    Near(300, 200 + 120 * i),
                    Near(430, 200 + 120 * i),
                    Near(300, 290 + 120 * i),
                    Near(430, 290 + 120 * i))),
        ];
        Point2D Noisy(Point2D p) => new(p.X + sigma * random.NextGaussian(), p.Y + sigma * random.NextGaussian());
        return new()
        {
            Truth = truth,
            Found =
            [
                .. truth.Select(v => new Vertebra(
                    Noisy(v.TopLeft),
                    Noisy(v.TopRight),
                    Noisy(v.BottomLeft),
                    Noisy(v.BottomRight))),
            ],
            ImageWidth = 800,
            ImageHeight = 2400,
            Patient = $"p{seed}",
        };
    }

    private static double[] Flat(Vertebra v) =>
        [
            v.TopLeft.X,
            v.TopLeft.Y,
            v.TopRight.X,
            v.TopRight.Y,
            v.BottomLeft.X,
            v.BottomLeft.Y,
            v.BottomRight.X,
            v.BottomRight.Y,
        ];
}

using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Spine;

namespace Marrow.Tests.Metrics;

public class LevelMatchTests
{
    private static readonly BootstrapOptions None = new() { Resamples = 0 };

    private static LandmarkPair Film(IEnumerable<Vertebra> truth, IEnumerable<Vertebra> found) => new()
    {
        Truth = [.. truth],
        Found = [.. found],
        ImageWidth = 224,
        ImageHeight = 640,
        Patient = "p",
    };

    private static Vertebra[] Spine(ulong seed, int count = 21) =>
        RandomSpine.Create(new SeededRandom(seed), count: count);

    [Theory]
    [InlineData(-2)]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_count_from_another_level_is_told_and_does_not_touch_what_matches(int shift)
    {
        var spine = Spine(3);
        var film = Film(spine.Skip(2).Take(17), spine.Skip(2 + shift).Take(17));

        var metrics = LevelMatch.Measure([film], None).ToDictionary(m => m.Name, m => m.Value);

        Assert.Equal(shift, LevelMatch.ShiftOf(film));
        Assert.Equal(shift == 0 ? 1 : 0, metrics["levels-right"]);
        Assert.Equal(0, metrics["tilt-mae.matched"], 1e-9);
        Assert.Equal(0, metrics["landmark-error-median.matched"], 1e-9);
        Assert.Equal(shift == 0, Tilts.Measure([film], None)[0].Value < 1e-9);
    }

    [Fact]
    public void Where_levels_agree_nothing_changes()
    {
        var random = new SeededRandom(5);
        LandmarkPair[] films =
        [
            .. Enumerable.Range(1, 4).Select(seed => Spine((ulong)seed, 17))
                .Select(spine => Film(spine, spine.Select(v => RandomSpine.Jitter(v, random, 2)))),
        ];

        var matched = LevelMatch.Measure(films, None).ToDictionary(m => m.Name, m => m.Value);
        var plain = Tilts.Measure(films, None).Concat(Landmarks.Measure(films, None))
            .ToDictionary(m => m.Name, m => m.Value);

        Assert.Equal(1, matched["levels-right"]);
        foreach (var name in (string[])["tilt-mae", "tilt-sd", "landmark-error-median"])
            Assert.Equal(plain[name], matched[$"{name}.matched"], 1e-12);
    }

    [Fact]
    public void A_film_whose_count_differs_has_no_levels_to_match() => Assert.Equal(
        0, LevelMatch.Measure([Film(Spine(1, 17), Spine(1, 16))], None)[0].Count);
}

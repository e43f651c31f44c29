using System.Text.Json;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Intervals;
using Marrow.Tasks.Strip;
using Marrow.Tasks.Vertebrae;

namespace Marrow.Tests.Tasks.Intervals;

public class SpineCalibrationTests
{
    private static readonly CalibratedBeside Detector = new("detector", Digest.OfHex(new string('a', 64)));

    private static SpineCalibration Made(double told = 1) =>
        SpineCalibrationFit.Of(
            MadeUpErrors.Films(400, 3, told), 0.9, new("folds", "films", 5, Digest.OfHex(new string('c', 64)))) with
        {
            Beside = [Detector],
        };

    public static TheoryData<string, string> Keys =>
    [
        .. new StripDecoding { Calibration = Made() }.Values()
            .Select(value => value.Key)
            .Where(key => key.StartsWith("calibration.", StringComparison.Ordinal))
            .SelectMany(key => (TheoryDataRow<string, string>[])[("strip", key), ("vertebrae", key)]),
    ];

    private static CornersDecoding Decoding(string kind) => kind == "strip"
        ? new StripDecoding { Calibration = Made() }
        : new VertebraeDecoding { Calibration = Made() };

    private static CornersDecoding Read(CornersDecoding like, JsonNode section) =>
        (CornersDecoding)DecodingContract.Read(JsonSerializer.SerializeToElement(section), like, "a/config.json");

    private static CornersDecoding With(CornersDecoding decoding, string key, JsonNode value)
    {
        var section = JsonSerializer.SerializeToNode(decoding.Write())!;
        var names = key.Split('.');
        names[..^1].Aggregate(section, (group, name) => group[name]!)[names[^1]] = value;
        return Read(decoding, section);
    }

    private static string Rehearsed(DecodingContract contract) =>
        JsonSerializer.Serialize(GoldenFinding.Rehearse(contract, 17));

    /// <summary>Films that differ in how unsure they are, and films whose spread says nothing of it.</summary>
    [Theory]
    [InlineData(1.0)]
    [InlineData(0.5)]
    [InlineData(0.0)]
    public void Intervals_hold_the_truth_of_as_many_other_films_as_was_asked_for(double told)
    {
        var calibration = SpineCalibrationFit.Of(
            MadeUpErrors.Films(3000, 1, told), 0.9, new("folds", "films", 5, default));
        var others = MadeUpErrors.Films(3000, 2, told);
        for (var angle = 0; angle < SpineCalibration.Angles; angle++)
        {
            var held = others.Count(film =>
                calibration.Around(film.Found, film.Spreads)[angle].Holds(film.Truth[angle]));
            Assert.InRange(held / 3000.0, 0.88, 0.92);
        }
    }

    [Fact]
    public void A_spread_that_says_something_makes_sure_films_narrow_and_unsure_ones_wide()
    {
        var calibration = Made();
        var (sure, unsure) = (Widths(0.2), Widths(3.8));
        Assert.True(unsure > 2.5 * sure, $"{sure} and {unsure}"); // 6.7 and 1.3 degrees were put in
        double Widths(double spread)
        {
            AngleSpread one = new(spread, 0.5, 0.5);
            var interval = calibration.Around([90, 90, 90], [one, one, one])[0];
            return interval.High - interval.Low;
        }
    }

    [Fact]
    public void One_wild_error_does_not_change_the_scale_by_much()
    {
        var films = MadeUpErrors.Films(400, 5);
        var wild = films.Select((film, n) => n == 7 ? film with { Found = [9000, 9000, 9000] } : film).ToList();
        var (before, after) = (AngleScaleFit.Of(films, 0, 0.9), AngleScaleFit.Of(wild, 0, 0.9));
        var spread = new AngleSpread(2, 0.5, 0.5);
        Assert.InRange(after.Quantile * after.Of(spread) / (before.Quantile * before.Of(spread)), 0.95, 1.1);
    }

    [Fact]
    public void The_quantile_is_the_score_of_the_rank_that_one_more_film_needs()
    {
        double[] scores = [.. Enumerable.Range(1, 19).Select(n => (double)n)];
        Assert.Equal(18, AngleScaleFit.Rank(scores, 0.9)); // ceil(20 x 0.9)
        Assert.Equal(19, AngleScaleFit.Rank(scores, 0.91)); // ceil(18.2)
        Assert.Equal(19, AngleScaleFit.Rank(scores, 0.99)); // no film is larger than the largest
    }

    [Fact]
    public void No_interval_reaches_below_0_or_beyond_180()
    {
        var calibration = Made();
        var spread = new AngleSpread(50, 50, 50);
        foreach (var degrees in (double[])[0, 1, 179])
        {
            var interval = calibration.Around([degrees, degrees, degrees], [spread, spread, spread])[0];
            Assert.InRange(interval.Low, 0, degrees);
            Assert.InRange(interval.High, degrees, 180);
        }
    }

    [Fact]
    public void The_confidence_is_as_often_right_as_it_says()
    {
        var calibration = Made();
        var others = MadeUpErrors.Films(4000, 9)
            .Select(film => (Said: calibration.ConfidenceOf(film.Spreads, film.Detector), Near: film.Error(0) <= 5))
            .OrderBy(film => film.Said)
            .Chunk(800)
            .ToList();
        Assert.True(others[^1].Average(f => f.Said) - others[0].Average(f => f.Said) > 0.25);
        foreach (var part in others)
            Assert.Equal(part.Average(f => f.Said), part.Average(f => f.Near ? 1.0 : 0), 0.08); // of 400 films learnt
    }

    [Fact]
    public void It_holds_beside_the_weights_that_it_was_made_with_and_beside_no_others()
    {
        var calibration = Made();
        Assert.True(calibration.HoldsBeside([Detector with { Name = "the same under another name" }]));
        Assert.False(calibration.HoldsBeside([]));
        Assert.False(calibration.HoldsBeside([Detector with { Weights = Digest.OfHex(new string('b', 64)) }]));
        Assert.False(calibration.HoldsBeside([Detector, Detector]));
        Assert.True((calibration with { Beside = [] }).HoldsBeside([]));
    }

    [Theory]
    [InlineData("strip")]
    [InlineData("vertebrae")]
    public void What_is_written_is_read(string kind)
    {
        var decoding = Decoding(kind);
        var read = Read(decoding, JsonSerializer.SerializeToNode(decoding.Write())!);
        Assert.Equal(decoding.Write().GetRawText(), read.Write().GetRawText());
        Assert.Equal(Rehearsed(decoding), Rehearsed(read));
        Assert.Equal(decoding.OfAngles, read.OfAngles);
        Assert.Equal(Detector, read.Calibration!.Beside.Single());
    }

    [Theory, MemberData(nameof(Keys))]
    public void A_changed_value_changes_the_golden_finding_and_one_beyond_its_bounds_is_refused(
        string kind, string key)
    {
        var decoding = Decoding(kind);
        var (_, value, bounds) = decoding.Values().Single(v => v.Key == key);
        var (least, most) = (Convert.ToDouble(bounds.Minimum), Convert.ToDouble(bounds.Maximum));
        JsonNode more = value is int whole ? whole + 1 : Math.Min((double)value * 1.1 + 0.01, most);
        var isOnlyTold = key.EndsWith(".films", StringComparison.Ordinal) || key.Contains(".source.");
        Assert.Equal(isOnlyTold, Rehearsed(decoding) == Rehearsed(With(decoding, key, more)));
        foreach (var beyond in (JsonNode[])[least - 1, most + 1, "NaN", "wide"])
        {
            var error = Assert.Throws<MarrowException>(() => With(decoding, key, beyond));
            Assert.StartsWith("a/config.json: expected", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("strip")]
    [InlineData("vertebrae")]
    public void A_calibration_without_one_of_its_values_or_with_another_is_refused(string kind)
    {
        var decoding = Decoding(kind);
        foreach (var (group, key) in ((string, string)[])
            [("calibration", "beside"), ("cobb2", "quantile"), ("confidence", "intercept"), ("source", "digest")])
        {
            var section = JsonSerializer.SerializeToNode(decoding.Write())!;
            var calibration = section["calibration"]!.AsObject();
            (group == "calibration" ? calibration : calibration[group]!.AsObject()).Remove(key);
            Assert.Throws<MarrowException>(() => Read(decoding, section));
        }
        Assert.Throws<MarrowException>(() => With(decoding, "calibration.other", 1));
    }
}

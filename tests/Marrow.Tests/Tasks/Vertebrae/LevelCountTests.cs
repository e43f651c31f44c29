using System.Text.Json;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Vertebrae;

namespace Marrow.Tests.Tasks.Vertebrae;

public sealed class LevelCountTests
{
    private const int Height = 1000;
    private const double Step = 50;

    // The first centre usually stands at 80, the last at 880.
    private static readonly CountingDecoding Usual = new()
    {
        FirstCenterShare = 0.08,
        LastCenterShare = 0.88,
        FirstSpreadShare = 0.02,
        LastSpreadShare = 0.03,
    };

    private static Vertebra At(double y) =>
        new(new(100, y - 15), new(150, y - 15), new(100, y + 15), new(150, y + 15));

    private static SpinePrediction From(double first, Func<int, double>? score = null, double confidence = 0.6)
    {
        double[] scores = [.. Enumerable.Range(0, Vertebra.Count).Select(n => score?.Invoke(n) ?? 0.7)];
        return new()
        {
            Vertebrae = [.. Enumerable.Range(0, Vertebra.Count).Select(n => At(first + n * Step))],
            Scores = scores,
            Filled = [.. scores.Select(s => s == 0)],
            Confidence = confidence,
        };
    }

    private static double[] Centers(SpinePrediction spine) => [.. spine.Vertebrae.Select(v => v.Center.Y)];

    [Fact]
    public void A_chain_that_stands_where_spines_stand_is_counted_as_it_is()
    {
        var spine = From(first: 80);

        Assert.Same(spine, LevelCount.Of(spine, [new(At(30), 0.9f), new(At(930), 0.9f)], Usual, Height));
    }

    [Fact]
    public void A_chain_that_begins_one_too_high_is_counted_from_the_next_and_takes_what_was_seen_below()
    {
        var spine = From(first: 30);
        var below = new Detection(At(884), 0.35f); // four pixels off the place where the steps lead

        var counted = LevelCount.Of(spine, [below, new(At(884), 0.1f)], Usual, Height);

        Assert.Equal([.. Centers(spine)[1..], 884], Centers(counted));
        Assert.Equal(0.35, counted.Scores[^1], 6);
        Assert.DoesNotContain(true, counted.Filled);
        Assert.Equal(0.6 * (16 * 0.7 + 0.35) / (17 * 0.7), counted.Confidence, 6);
    }

    [Fact]
    public void A_chain_that_begins_one_too_low_gets_a_vertebra_above_it_which_is_filled_in_where_nothing_was_seen()
    {
        var spine = From(first: 130);

        var counted = LevelCount.Of(spine, [], Usual with { ScoreShare = 0 }, Height);

        Assert.Equal([80, .. Centers(spine)[..^1]], Centers(counted));
        Assert.Equal(0, counted.Scores[0]);
        Assert.Equal([true, .. new bool[16]], counted.Filled);
    }

    [Fact]
    public void What_scores_nothing_is_not_counted_for_the_sake_of_its_place_alone()
    {
        var spine = From(first: 115); // 1.75 spreads from its usual place, and with one more above it 0.75

        Assert.NotSame(spine, LevelCount.Of(spine, [new(At(65), 0.6f)], Usual, Height));
        Assert.Same(spine, LevelCount.Of(spine, [], Usual with { ScoreShare = 1 }, Height));
    }

    [Fact]
    public void On_a_film_of_another_extent_places_decide_nothing()
    {
        var spine = From(first: 170);
        var wide = Usual with { LastCenterShare = 0.5 };

        Assert.Same(spine, LevelCount.Of(spine, [new(At(120), 0.7f), new(At(1020), 0.7f)], wide, Height));
    }

    [Fact]
    public void No_vertebra_is_counted_that_would_stand_outside_the_image()
    {
        var spine = From(first: 20);
        var high = Usual with { FirstCenterShare = -0.03, LastCenterShare = 0.77 };

        Assert.Same(spine, LevelCount.Of(spine, [], high with { ScoreShare = 0 }, Height));
    }

    [Fact]
    public void The_count_moves_by_as_many_levels_as_the_contract_says()
    {
        var spine = From(first: -20 + 200);
        var far = Usual with { ScoreShare = 0, MostEndCost = 100 };

        Assert.Equal(130, Centers(LevelCount.Of(spine, [], far, Height))[0], 6);
        Assert.Equal(80, Centers(LevelCount.Of(spine, [], far with { MostLevels = 2 }, Height))[0], 6);
        Assert.Same(spine, LevelCount.Of(spine, [], far with { MostLevels = 0 }, Height));
    }

    [Fact]
    public void A_film_on_which_nothing_was_seen_stays_as_it_is()
    {
        var nothing = From(first: 30, score: _ => 0);

        Assert.Same(nothing, LevelCount.Of(nothing, [], Usual, Height));
    }

    [Theory]
    [InlineData("mostLevels", 0)]
    [InlineData("scoreShare", 4)]
    [InlineData("firstCenterShare", 0.12)]
    [InlineData("lastCenterShare", 0.8)]
    [InlineData("firstSpreadShare", 0.9)]
    [InlineData("lastSpreadShare", 0.9)]
    [InlineData("mostEndCost", 90)]
    public void Each_value_belongs_to_the_contract_and_changes_the_golden_finding(string key, double other)
    {
        var contract = new VertebraeDecoding { Counting = new() };
        var section = JsonSerializer.SerializeToNode(contract.Write())!;
        Assert.Equal(contract, Read(section));
        section["counting"]![key] = key == "mostLevels" ? (int)other : other;

        var changed = Read(section);

        Assert.NotEqual(contract, changed);
        Assert.NotEqual(Rehearsed(contract), Rehearsed(changed));
        section["counting"]![key] = 1000;
        var error = Assert.Throws<MarrowException>(() => Read(section));
        Assert.Contains($"decoding.counting.{key} of", error.Message, StringComparison.Ordinal);

        static DecodingContract Read(JsonNode section) =>
            DecodingContract.Read(JsonSerializer.SerializeToElement(section), new VertebraeDecoding(), "config.json");

        static string Rehearsed(DecodingContract decoding) =>
            JsonSerializer.Serialize(GoldenFinding.Rehearse(decoding, 17));
    }

    [Fact]
    public void Angles_of_two_trainings_are_told_the_same_way_wherever_their_spines_stand()
    {
        var one = new VertebraeDecoding { Counting = new() { FirstCenterShare = 0.04 } };

        Assert.Equal(one.OfAngles, new VertebraeDecoding { Counting = new() { LastSpreadShare = 0.1 } }.OfAngles);
        Assert.NotEqual(one.OfAngles, new VertebraeDecoding().OfAngles);
    }

    [Fact]
    public void Where_spines_stand_is_learnt_from_eight_films_or_more()
    {
        (double, double)[] ends = [.. Enumerable.Range(0, 8).Select(i => (0.04 + 0.02 * (i % 2), 0.9))];

        var learnt = LevelCount.Learn(ends)!;

        Assert.Equal(0.05, learnt.FirstCenterShare, 9);
        Assert.Equal(1.5 * 0.01 * Math.Sqrt(8.0 / 7), learnt.FirstSpreadShare, 9);
        Assert.Equal(0.9, learnt.LastCenterShare, 9);
        Assert.Equal(0.01, learnt.LastSpreadShare, 9); // the least
        Assert.Null(LevelCount.Learn(ends[..7]));
    }
}

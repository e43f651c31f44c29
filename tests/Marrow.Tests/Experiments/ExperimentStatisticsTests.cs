using Marrow.Metrics;
using Marrow.Training.Experiments;

namespace Marrow.Tests.Experiments;

/// <summary>Synthetic runs, whose means, differences and factors are worked out by hand.</summary>
public class ExperimentStatisticsTests
{
    private static readonly ExperimentShare Few = new(10, 0.1), Many = new(100, 1);

    [Fact]
    public void A_cell_has_the_mean_of_its_seeds_and_students_interval()
    {
        var cell = Statistics(Runs()).Cells().First(c => c.Start == "scratch" && c.Share == Few);
        Assert.Equal(30, cell.Mean, 9); // 29, 30, 31
        Assert.Equal(30 - 4.3026527 / Math.Sqrt(3), cell.Low, 6);
        Assert.Equal(30 + 4.3026527 / Math.Sqrt(3), cell.High, 6);
    }

    [Fact]
    public void A_difference_is_paired_by_seed_and_by_draw()
    {
        // The start is 10 better in every seed and every draw, though both move by more than that between draws.
        var difference = Statistics(Runs())
            .Differences()
            .Single(d => d.Start == "warm" && d.AgainstStart == "scratch" && d.Share == Few);
        Assert.Equal(-10, difference.Mean, 9);
        Assert.Equal((-10, -10), (Math.Round(difference.FilmsLow, 9), Math.Round(difference.FilmsHigh, 9)));
        Assert.Equal((-10, -10), (Math.Round(difference.SeedsLow, 9), Math.Round(difference.SeedsHigh, 9)));
        Assert.Equal("better", difference.Verdict);
    }

    [Fact]
    public void One_interval_over_zero_leaves_it_unclear()
    {
        // 10 better with the first seed, 10 worse with the second: the films agree on 0 and the seeds on nothing.
        var runs = Runs()
            .Select(r => r.Run is { Start: "warm", Seed: 2 } ? new(r) { Metrics = [Shift(r.Metrics[0], 20)] } : r)
            .ToList();
        Assert.Equal(
            "unclear",
            Statistics(runs)
                .Differences()
                .Single(d => d.Start == "warm" && d.AgainstStart == "scratch" && d.Share == Few)
                .Verdict);
    }

    [Fact]
    public void A_start_is_held_against_its_own_statistics() =>
        Assert.Contains(Statistics(Runs()).Differences(), d => d.Start == "warm" && d.AgainstStart == "matched:warm");

    [Fact]
    public void The_factor_is_read_off_scratchs_curve()
    {
        var statistics = Statistics(Runs());
        var saving = statistics.Savings(statistics.Cells()).Single(s => s.Start == "warm" && s.Share == Few);
        Assert.Equal(Math.Sqrt(10), saving.Saving.Factor, 6); // 20 is half way from 30 (10 labels) to 10 (100 labels)
        Assert.InRange(saving.Saving.Factor, saving.Low.Place, saving.High.Place);
    }

    [Fact]
    public void A_run_that_failed_leaves_its_seed_out_of_pairs()
    {
        var runs = Runs().Where(r => r.Run is not { Start: "warm", Seed: 3 }).ToList();
        var statistics = Statistics(runs);
        Assert.Equal(2, statistics.Cells().First(c => c.Start == "warm" && c.Share == Few).Values.Count);
        Assert.Equal(
            -10,
            statistics
                .Differences()
                .First(d => d.Start == "warm" && d.AgainstStart == "scratch" && d.Share == Few)
                .Mean,
            9);
    }

    [Fact]
    public void Films_that_one_model_lacks_give_no_paired_interval()
    {
        var runs = Runs()
            .Select(r => r.Run.Start == "warm" ? new(r) { Metrics = [new(r.Metrics[0]) { Count = 19 }] } : r)
            .ToList();
        Assert.True(
            double.IsNaN(
                Statistics(runs).Differences().First(d => d.Start == "warm" && d.AgainstStart == "scratch").FilmsLow));
    }

    private static ExperimentStatistics Statistics(IReadOnlyList<ExperimentRunResult> runs) => new(Plan(), runs);

    /// <summary>
    /// Scratch 30 with few and 10 with many labels, warm 20 and 8, matched 29 and 10; seeds -1, 0 and +1.
    /// </summary>
    private static List<ExperimentRunResult> Runs()
    {
        var runs = new List<ExperimentRunResult>();
        foreach (
            var (start, few, many) in (ReadOnlySpan<(string, double, double)>)
                [("scratch", 30, 10), ("warm", 20, 8), ("matched:warm", 29, 10)])
            foreach (var share in (ExperimentShare[])[Few, Many])
                for (ulong seed = 1; seed <= 3; seed++)
                    runs.Add(Run(start, share, seed, (share == Few ? few : many) + seed - 2));
        return runs;
    }

    private static ExperimentRunResult Run(string start, ExperimentShare share, ulong seed, double value) =>
        new(
            run: new(0, "", start, "supervised", share, seed, []),
            patients: share.Patients,
            images: share.Patients,
            heldOutImages: 20,
            heldOutDigest: "",
            metrics:
            [
                new MetricValue(name: "smape", value: value, count: 20)
                {
                    Draws = [.. Enumerable.Range(0, 100).Select(i => value + 15 * Math.Sin(i))],
                },
            ],
            seconds: 1,
            ended: default);

    private static MetricValue Shift(MetricValue metric, double by) =>
        new(metric)
        {
            Value = metric.Value + by,
            Draws = [.. metric.Draws!.Select(d => d + by)],
        };

    private static ExperimentPlan Plan() => new(
        name: "s",
        stages: ["cobb"],
        task: "regress-cobb",
        metric: "smape",
        starts: [new("scratch", "scratch", ""), new("matched:warm", "matched:warm", "d"), new("warm", "warm", "d")],
        methods: ["supervised"],
        shares: [Few, Many],
        seeds: [1, 2, 3],
        runs: [],
        subsets: [],
        trainingPatients: 100,
        heldOutPatients: 20,
        heldOutImages: 20,
        heldOutDigest: "",
        steps: [10],
        warnings: []);
}

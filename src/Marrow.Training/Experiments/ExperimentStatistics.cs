using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>
/// Runs -> curves, paired differences and label savings. Two sources of chance are told apart: other held-out films
/// (the paired bootstrap over patients, whose draws every run has kept) and other labels and weights (the seeds).
/// </summary>
internal sealed class ExperimentStatistics(ExperimentPlan plan, IReadOnlyList<ExperimentRunResult> runs)
{
    private const int Resamples = 2000;
    private const ulong BootstrapSeed = 1;

    private readonly bool _higherIsBetter = MetricCatalogue.Get(plan.Metric).HigherIsBetter;
    private readonly Dictionary<
        (string Start, string Method, ExperimentShare Share, ulong Seed),
        ExperimentRunResult
    > _runs = runs.ToDictionary(r => (r.Run.Start, r.Run.Method, r.Run.Share, r.Run.Seed));

    /// <summary>
    /// The method of the reference, which is the simplest one of the plan. All curves are compared with scratch under
    /// this method.
    /// </summary>
    private string BaseMethod => plan.Methods[0];

    public IReadOnlyList<ExperimentCell> Cells() =>
        [
            .. from start in plan.Starts
            from method in plan.Methods
            from share in plan.Shares
            let cell = Cell(start.Name, method, share)
            where cell is not null
            select cell,
        ];

    private ExperimentCell? Cell(string start, string method, ExperimentShare share)
    {
        var done = Seeds(start, method, share).Select(seed => _runs[(start, method, share, seed)]).ToList();
        if (done.Count == 0)
            return null;
        var values = done.Select(r => r.Value(plan.Metric)).ToList();
        var numbers = values.Select(v => v.Value).ToList();
        var mean = numbers.Average();
        var half = StudentT.HalfWidth95(numbers);
        return new()
        {
            Start = start,
            Method = method,
            Share = share,
            Images = done.Average(r => r.Images),
            Values = [.. done.Select(r => new SeedValue(r.Run.Seed, r.Value(plan.Metric).Value))],
            Mean = mean,
            Low = done.Count > 1 ? mean - half : values[0].Low,
            High = done.Count > 1 ? mean + half : values[0].High,
        };
    }

    /// <summary>
    /// Compares each curve with scratch under the same method, with its start's statistics, with its start without the
    /// method, and with scratch under the simplest method.
    /// </summary>
    public IReadOnlyList<ExperimentDifference> Differences()
    {
        var all = new List<ExperimentDifference>();
        foreach (var start in plan.Starts)
        {
            foreach (var method in plan.Methods)
            {
                (string Start, string Method)[] references =
                [
                    (ExperimentStart.Scratch, BaseMethod),
                    (ExperimentStart.Scratch, method),
                    (InitReference.Matched + start.Name, method),
                    (start.Name, BaseMethod),
                ];
                foreach (
                    var reference in references
                        .Distinct()
                        .Where(r => r != (start.Name, method) && plan.Starts.Any(s => s.Name == r.Start)))
                    all.AddRange(
                        plan.Shares.Select(share => Difference((start.Name, method), reference, share))
                            .OfType<ExperimentDifference>());
            }
        }
        return all;
    }

    private ExperimentDifference? Difference(
        (string Start, string Method) one,
        (string Start, string Method) other,
        ExperimentShare share)
    {
        var pairs = Seeds(one.Start, one.Method, share).Intersect(Seeds(other.Start, other.Method, share))
            .Select(seed => (One: Metric(one, share, seed), Other: Metric(other, share, seed))).ToList();
        if (pairs.Count == 0)
            return null;
        var bySeed = pairs.Select(p => p.One.Value - p.Other.Value).ToList();
        var mean = bySeed.Average();
        var half = StudentT.HalfWidth95(bySeed);
        var (low, high) = Films(pairs);
        (double Low, double High)[] intervals = [(low, high), (mean - half, mean + half)];
        var known = intervals.Where(i => !double.IsNaN(i.Low)).ToList();
        var sign = known.Count == 0 ? 0 : known.All(i => i.Low > 0) ? 1 : known.All(i => i.High < 0) ? -1 : 0;
        return new(
            start: one.Start,
            method: one.Method,
            againstStart: other.Start,
            againstMethod: other.Method,
            share: share,
            mean: mean,
            filmsLow: low,
            filmsHigh: high,
            seedsLow: mean - half,
            seedsHigh: mean + half,
            verdict: sign == 0 ? "unclear" : sign > 0 == _higherIsBetter ? "better" : "worse");
    }

    /// <summary>
    /// Draw by draw: both models of a pair met the same patients. Where one lacks an image, the draws do not belong
    /// together.
    /// </summary>
    private static (double Low, double High) Films(List<(MetricValue One, MetricValue Other)> pairs)
    {
        if (
            pairs.Any(p =>
                p.One.Draws is null || p.Other.Draws?.Count != p.One.Draws.Count || p.One.Count != p.Other.Count))
            return (double.NaN, double.NaN);
        var differences = Enumerable.Range(0, pairs[0].One.Draws!.Count)
            .Select(r => pairs.Average(p => p.One.Draws![r] - p.Other.Draws![r]))
            .Where(d => !double.IsNaN(d))
            .Order()
            .ToList();
        return differences.Count < 2
            ? (double.NaN, double.NaN)
            : (Bootstrap.Quantile(differences, 0.025), Bootstrap.Quantile(differences, 0.975));
    }

    /// <summary>
    /// Returns the savings of every curve except the one from scratch with which they are compared; empty when there is
    /// none.
    /// </summary>
    public IReadOnlyList<ExperimentSaving> Savings(IReadOnlyList<ExperimentCell> cells)
    {
        (string, string) reference = (ExperimentStart.Scratch, BaseMethod);
        var curve = cells.Where(c => (c.Start, c.Method) == reference).OrderBy(c => c.Images).ToList();
        return curve.Count == 0
            ? []
            : [.. cells.Where(c => (c.Start, c.Method) != reference).Select(c => Saving(c, curve))];
    }

    private ExperimentSaving Saving(ExperimentCell cell, List<ExperimentCell> curve)
    {
        var labels = curve.Select(c => c.Images).ToList();
        var (low, high) = Interval(cell, curve, labels);
        return new(
            start: cell.Start,
            method: cell.Method,
            share: cell.Share,
            images: cell.Images,
            saving: LabelSaving.Of(labels, [.. curve.Select(c => Error(c.Mean))], cell.Images, Error(cell.Mean)),
            low: low,
            high: high);
    }

    /// <summary>
    /// Each time seeds are drawn with replacement, the same for all points, and one draw of the patients for all.
    /// </summary>
    private (LabelSaving Low, LabelSaving High) Interval(
        ExperimentCell cell,
        List<ExperimentCell> curve,
        List<double> labels)
    {
        List<ExperimentCell> all = [.. curve, cell];
        var seeds = all.Select(c => c.Values.Select(v => v.Seed)).Aggregate((a, b) => a.Intersect(b)).ToList();
        var values = all.Select(c => seeds.Select(s => Metric((c.Start, c.Method), c.Share, s)).ToArray()).ToArray();
        var kinds = values.SelectMany(v => v).Select(v => (v.Draws?.Count ?? 0, v.Count)).Distinct().ToList();
        var draws = kinds.Count == 1 ? kinds[0].Item1 : 0; // where one lacks an image, the draws do not belong together
        if (seeds.Count == 0 || (seeds.Count == 1 && draws == 0))
            return (new(double.NaN, 0), new(double.NaN, 0));
        var found = new List<LabelSaving>(Resamples);
        for (var b = 0; b < Resamples; b++)
        {
            var random = SeededRandom.Fork(BootstrapSeed, b);
            int[] chosen = [.. seeds.Select(_ => random.Next(seeds.Count))];
            var draw = draws > 0 ? random.Next(draws) : -1;
            var errors = values
                .Select(v => Error(chosen.Average(s => draw < 0 ? v[s].Value : v[s].Draws![draw])))
                .ToArray();
            var saving = LabelSaving.Of(labels, errors[..^1], cell.Images, errors[^1]);
            if (!double.IsNaN(saving.Factor))
                found.Add(saving);
        }
        if (found.Count < 2)
            return (new(double.NaN, 0), new(double.NaN, 0));
        found.Sort((a, b) => a.Place.CompareTo(b.Place));
        return (found[(int)(0.025 * (found.Count - 1))], found[(int)Math.Ceiling(0.975 * (found.Count - 1))]);
    }

    private double Error(double value) => _higherIsBetter ? -value : value;

    private MetricValue Metric((string Start, string Method) line, ExperimentShare share, ulong seed) =>
        _runs[(line.Start, line.Method, share, seed)].Value(plan.Metric);

    private IEnumerable<ulong> Seeds(string start, string method, ExperimentShare share) =>
        plan.Seeds.Where(seed => _runs.ContainsKey((start, method, share, seed)));
}

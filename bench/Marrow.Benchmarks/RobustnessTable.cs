using System.Globalization;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Prediction;

namespace Marrow.Benchmarks;

/// <summary>
/// By how much the angles of a film change when the film comes otherwise than it was taken, and whether the program
/// says that a person should look at it then: the table of docs/robustness.md.
/// </summary>
internal static class RobustnessTable
{
    public const string Name = "robustness";

    public const string Usage = $"""
        usage: Marrow.Benchmarks {Name} --hub DIR --data DIR [--films N] [--fast] [--threads N] CHECKPOINT...
        {SpineFilms.Options}
          --fast      one look at each film
        """;

    private const int Angles = 3;
    private const double MuchDegrees = 5;

    /// <param name="Before">Of the film as it is.</param>
    /// <param name="After">Of the changed film.</param>
    private sealed record Pair(Finding Before, Finding After)
    {
        public bool IsOk => Before.Status == FindingStatus.Ok && After.Status == FindingStatus.Ok;

        public double Change(int angle) => Math.Abs(
            After.Part<SpinePart>()!.CobbDegrees[angle] - Before.Part<SpinePart>()!.CobbDegrees[angle]);

        public bool IsMuchAndOk =>
            IsOk && Enumerable.Range(0, Angles).Any(angle => Change(angle) > MuchDegrees);
    }

    public static int Run(IReadOnlyList<string> arguments, TextWriter output)
    {
        if (TableArguments.Read(arguments, Usage, "--films") is not { } read)
            return 2;
        using var spines = SpineFilms.Open(read, EvaluationSplit.HeldOut);
        spines.Predictor.Fast = read.Fast;
        using var scratch = new ScratchFolder();
        var pairs = FilmChanges.All.Select(_ => new List<Pair>()).ToList();
        var cut = 0;
        foreach (var (done, sample) in spines.Films.Index())
        {
            var film = RadiographReader.Read(sample.ImagePath);
            var before = spines.Predictor.Predict(film);
            foreach (var (change, found) in FilmChanges.All.Zip(pairs))
            {
                var after = spines.Predictor.Predict(change.Apply(film, scratch.Path));
                found.Add(new(before, after));
                if (after.Status != FindingStatus.Ok || found[^1].IsMuchAndOk)
                    Console.Error.WriteLine(
                        $"{sample.Id}, {change.Name}: {before.Status} {Text(before)} -> {after.Status} {Text(after)} "
                            + string.Join(' ', after.Warnings));
            }
            var left = FilmChanges.LeftByCrop(film.Width, film.Height);
            cut += sample.Targets.Places
                .Any(c => c.X < left.Left || c.X > left.Right || c.Y < left.Top || c.Y > left.Bottom) ? 1 : 0;
            Console.Error.WriteLine($"{done + 1} of {spines.Films.Count} films");
        }
        Print(output, spines, pairs, cut, read.Fast);
        return 0;
    }

    private static void Print(
        TextWriter output, SpineFilms spines, IReadOnlyList<List<Pair>> pairs, int cut, bool fast)
    {
        var films = spines.Films.Count;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{films} films, {(fast ? "one look (--fast)" : "all looks")}, by {string.Join(", ", spines.Checkpoints)}. "
                + $"Cropping cuts a vertebra of {cut} of them."));
        output.WriteLine();
        output.WriteLine(
            "| change | `ok` in both | median change, degrees | 90 % are within | `check` | `refused` | "
                + $"`ok`, changed by more than {MuchDegrees:0}° |");
        output.WriteLine("|---|---|---|---|---|---|---|");
        Row("none", [.. pairs[0].Select(pair => new Pair(pair.Before, pair.Before))]);
        foreach (var (change, found) in FilmChanges.All.Zip(pairs))
            Row(change.Name, found);

        void Row(string name, List<Pair> found)
        {
            var ok = found.Where(pair => pair.IsOk).ToList();
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {name} | {ok.Count} | {Share(ok, 0.5)} | {Share(ok, 0.9)} | {Count(found, FindingStatus.Check)} | "
                    + $"{Count(found, FindingStatus.Refused)} | {found.Count(pair => pair.IsMuchAndOk)} |"));
        }
    }

    private static int Count(List<Pair> found, FindingStatus status) =>
        found.Count(pair => pair.After.Status == status);

    /// <summary>
    /// Returns for each angle the change that so large a share of films does not exceed: "0.3, 0.4, 0.2".
    /// </summary>
    private static string Share(List<Pair> ok, double share) => ok.Count == 0 ? "-" : string.Join(", ",
        Enumerable.Range(0, Angles).Select(angle => Quantile.Of(ok.Select(pair => pair.Change(angle)), share)
            .ToString("0.0", CultureInfo.InvariantCulture)));

    private static string Text(Finding finding) => string.Join(' ', finding.Part<SpinePart>()!.CobbDegrees
        .Select(degrees => degrees.ToString("0.0", CultureInfo.InvariantCulture)));
}

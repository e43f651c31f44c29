using System.Diagnostics;
using System.Globalization;
using Marrow.Prediction;

namespace Marrow.Benchmarks;

/// <summary>
/// What a prediction takes, from a film's file to its finding, with all looks and with one. Both measure each film in
/// turn, so that what else the machine does slows both. Films that were trained on serve as well: how long they take
/// does not depend on it.
/// </summary>
internal static class PredictionTimes
{
    public const string Name = "predict";

    public const string Usage = $"""
        usage: Marrow.Benchmarks {Name} --hub DIR --data DIR [--films N] [--threads N] CHECKPOINT...
        {SpineFilms.Options}
        """;

    public static int Run(IReadOnlyList<string> arguments, TextWriter output)
    {
        if (TableArguments.Read(arguments, Usage, "--films") is not { } read)
            return 2;
        using var spines = SpineFilms.Open(read, EvaluationSplit.All);
        (bool Fast, List<double> Wall, List<double> Cpu)[] ways = [(false, [], []), (true, [], [])];
        foreach (var way in ways) // a warm-up
            Predict(way.Fast, spines.Films[0].ImagePath);
        foreach (var (i, film) in spines.Films.Index())
        {
            foreach (var way in i % 2 == 0 ? ways : [.. ways.Reverse()])
            {
                var (wall, cpu) = Predict(way.Fast, film.ImagePath);
                way.Wall.Add(wall);
                way.Cpu.Add(cpu);
            }
        }
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{spines.Films.Count} films, {TorchSharp.torch.get_num_threads()} threads, by {string.Join(
                ", ", spines.Checkpoints)}"));
        output.WriteLine();
        output.WriteLine("| looks | 50 % of films within | 90 % within | processor time, median | times faster |");
        output.WriteLine("|---|---|---|---|---|");
        foreach (var (fast, wall, cpu) in ways)
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {(fast ? "one (`--fast`)" : "all")} | {Quantile.Of(wall, 0.5):0.00} s | "
                    + $"{Quantile.Of(wall, 0.9):0.00} s | {Quantile.Of(cpu, 0.5):0.00} s | "
                    + $"{Quantile.Of(ways[0].Wall.Zip(wall, (all, own) => all / own), 0.5):0.0} |"));
        return 0;

        (double Wall, double Cpu) Predict(bool fast, string path)
        {
            spines.Predictor.Fast = fast;
            var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
            spines.Predictor.Predict(path);
            return (Stopwatch.GetElapsedTime(start).TotalSeconds, (Environment.CpuUsage.TotalTime - used).TotalSeconds);
        }
    }
}

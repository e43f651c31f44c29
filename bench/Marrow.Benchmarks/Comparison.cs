using System.Diagnostics;
using System.Globalization;

namespace Marrow.Benchmarks;

/// <summary>One way of doing a thing; the first of a comparison is what the others are measured against.</summary>
internal sealed record Alternative(string Name, Action Run);

/// <summary>What one alternative took, milliseconds a run.</summary>
/// <param name="CpuMs">Median of the whole process's processor time, all threads.</param>
/// <param name="TimesFaster">Median over the rounds of (first alternative's time / this one's).</param>
/// <param name="CpuTimesFaster">The same of processor time, which other programs on the machine disturb less.</param>
internal sealed record Timing(string Name, double MedianMs, double FastestMs, double SlowestMs, double CpuMs,
    double TimesFaster,
    double LowestTimesFaster,
    double HighestTimesFaster,
    double CpuTimesFaster,
    double? ImagesPerSecond);

/// <summary>Alternatives measured in turn, with a note on what was found beside the times.</summary>
internal sealed record Comparison(string Title, IReadOnlyList<Timing> Timings, string? Note = null)
{
    /// <summary>One warm-up each, then rounds in which each runs once; every second round goes backwards.</summary>
    /// <param name="images">In one run; 0 where images are not what is counted.</param>
    public static Comparison Measure(string title, int images, int rounds, params Alternative[] alternatives)
    {
        var wall = alternatives.Select(_ => new double[rounds]).ToArray();
        var cpu = alternatives.Select(_ => new double[rounds]).ToArray();
        foreach (var alternative in alternatives)
            alternative.Run();
        for (var round = 0; round < rounds; round++)
        {
            for (var k = 0; k < alternatives.Length; k++)
            {
                var i = round % 2 == 0 ? k : alternatives.Length - 1 - k;
                var (start, used) = (Stopwatch.GetTimestamp(), Environment.CpuUsage.TotalTime);
                alternatives[i].Run();
                wall[i][round] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
                cpu[i][round] = (Environment.CpuUsage.TotalTime - used).TotalMilliseconds;
            }
        }
        return new(
            title,
            [
                .. alternatives.Select(
                    (a, i) =>
                    {
                        var faster = wall[0].Zip(wall[i], (first, own) => first / own).ToArray();
                        return new Timing(
                            a.Name,
                            Median(wall[i]),
                            wall[i].Min(),
                            wall[i].Max(),
                            Median(cpu[i]),
                            Median(faster),
                            faster.Min(),
                            faster.Max(),
                            Median(cpu[0].Zip(cpu[i], (first, own) => first / Math.Max(own, 1e-3))),
                            images > 0 ? images * 1000 / Median(wall[i]) : null);
                    }
                ),
            ]);
    }

    public void Print(TextWriter output)
    {
        output.WriteLine();
        output.WriteLine(Title);
        if (Timings.Count > 0)
            output.WriteLine(
                $"  {"",-34} {"median",9} {"fastest",9} {"slowest",9} {"cpu",9} {"images/s",9} {"faster",7} "
                    + $"{"range",13} {"by cpu",7}"
            );
        foreach (var t in Timings)
        {
            output.WriteLine(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"  {t.Name,-34} {t.MedianMs,6:F1} ms {t.FastestMs,6:F1} ms {t.SlowestMs,6:F1} ms "
                        + $"{t.CpuMs,6:F1} ms {t.ImagesPerSecond,9:F1} {t.TimesFaster,6:F2}x "
                        + $"{$"{t.LowestTimesFaster:F2}-{t.HighestTimesFaster:F2}",13} {t.CpuTimesFaster,6:F2}x"));
        }
        if (Note is not null)
            output.WriteLine($"  {Note}");
    }

    internal static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted.Length % 2 == 1
            ? sorted[sorted.Length / 2]
            : (sorted[sorted.Length / 2 - 1] + sorted[sorted.Length / 2]) / 2;
    }
}

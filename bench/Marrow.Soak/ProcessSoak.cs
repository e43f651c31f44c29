using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using Marrow.Hub;

namespace Marrow.Soak;

/// <summary>
/// Many processes at once on one hub and one registry: each saves, pushes, pulls, verifies and removes as its dice
/// fall. Nothing may be lost or half there: what was never removed is in the hub, what was pushed comes back with the
/// same digest, what a descendant needs can't be removed, and every byte is right at every moment and at the end.
/// </summary>
public static class ProcessSoak
{
    private const int Processes = 16;
    private static readonly TimeSpan LongestRound = TimeSpan.FromMinutes(2);

    public static SoakReport Run(long cases, ulong seed, Action<string> say) => Run(Processes, cases, seed, say);

    /// <summary>Needs Debian's docker-registry.</summary>
    /// <param name="rounds">Of each process.</param>
    public static SoakReport Run(int processes, long rounds, ulong seed, Action<string> say)
    {
        var folder = Directory.CreateTempSubdirectory("marrow-soak-").FullName;
        using var registry = new DockerRegistry();
        try
        {
            var hub = new LocalHub(Path.Combine(folder, "hub"));
            foreach (var name in ProcessSoakWorker.Roots)
                SoakCheckpoint.Save(hub.Folder, name).Dispose();
            var workers = Enumerable
                .Range(0, processes)
                .Select(number => Start(folder, registry.Host, number, rounds, seed))
                .ToList();
            var faults = new List<string>();
            for (var waiting = Stopwatch.StartNew(); workers.Any(w => !w.HasExited); Thread.Sleep(1000))
            {
                say(
                    $"{workers.Count(w => w.HasExited)} of {processes} processes done, {hub.List().Count} checkpoints "
                        + $"in the hub"
                );
                if (waiting.Elapsed <= LongestRound * rounds)
                    continue;
                faults.Add($"seed {seed}: some processes did not end");
                workers.ForEach(w => w.Kill());
            }
            faults.AddRange(
                workers
                    .Where(w => w.ExitCode != 0)
                    .Select(
                        (w, i) => $"seed {seed}: process {i} ended with {w.ExitCode}: {w.StandardError.ReadToEnd()}"));
            workers.ForEach(w => w.Dispose());
            var records = Directory
                .GetFiles(folder, "*.log")
                .SelectMany(File.ReadAllLines)
                .Select(line => line.Split('\t', 2))
                .ToList();
            faults.AddRange(records.Where(r => r[0] == ProcessSoakWorker.Fault).Select(r => $"seed {seed}: {r[1]}"));
            faults.AddRange(Judge(hub, folder, registry.Host, records));
            return new(
                "processes",
                rounds * processes,
                new SortedDictionary<string, long>(
                    records.CountBy(r => r[0]).ToDictionary(r => r.Key, r => (long)r.Value)),
                faults);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<string> Judge(LocalHub hub, string folder, string host, List<string[]> records)
    {
        foreach (var fault in hub.Verify().Faults)
            yield return $"at the end: {fault.Path}: {fault.Problem}";
        HashSet<string> Digests(string what) => [.. records.Where(r => r[0] == what).Select(r => r[1])];
        var there = hub.List().Select(e => e.Digest.ToString()).ToHashSet();
        foreach (var lost in Digests("saved").Except(Digests("removed")).Except(there))
            yield return $"{lost} was never removed, yet it is not in the hub";
        var fresh = new LocalHub(Path.Combine(folder, "fresh"));
        foreach (var pushed in Digests("pushed"))
        {
            var pulled = ProcessSoakWorker.Pull(fresh, host, pushed);
            if (pulled.Digest != pushed)
                yield return $"{pushed} was pushed, {pulled.Digest} came back";
        }
        foreach (var fault in fresh.Verify().Faults)
            yield return $"pulled into a new hub: {fault.Path}: {fault.Problem}";
    }

    private static Process Start(string folder, string host, int number, long rounds, ulong seed)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true };
        foreach (
            var argument in (string[])
                [
                    Assembly.GetExecutingAssembly().Location,
                    ProcessSoakWorker.Command,
                    folder,
                    host,
                    Text(number),
                    Text(rounds),
                    Text(seed),
                ])
            start.ArgumentList.Add(argument);
        // as many processes as there are; each with threads of its own would only wait
        start.Environment["OMP_NUM_THREADS"] = "1";
        return Process.Start(start)!;

        static string Text(IFormattable number) => number.ToString(null, CultureInfo.InvariantCulture);
    }
}

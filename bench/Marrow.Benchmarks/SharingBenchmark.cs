using System.Diagnostics;
using System.Globalization;
using Marrow.Computing;
using Marrow.Phantoms;

namespace Marrow.Benchmarks;

/// <summary>
/// The program beside others: a prediction of ten films and a short training as processes of their own, alone, beside a
/// process that keeps one core busy, two at once, and under half of the cores' time; against libtorch's own threads,
/// alone. Times are ratios to the program alone, limits what is promised.
/// </summary>
internal static class SharingBenchmark
{
    public const string Busy = "--busy"; // argument of the child that keeps a core busy

    private const int Films = 10, Steps = 10;
    private const double MostAlone = 1.03, MostBeside = 2.2, MostHalf = 2.5;

    public static IEnumerable<Comparison> Predict(int rounds)
    {
        using var subject = new Subject();
        yield return Measure($"sharing: prediction of {Films} films", subject.Predict, Math.Max(1, rounds / 3));
    }

    public static IEnumerable<Comparison> Train(int rounds)
    {
        using var subject = new Subject();
        yield return Measure($"sharing: training, {Steps} steps", subject.Train, Math.Max(1, rounds / 3));
    }

    /// <summary>Keeps one core busy until it is killed, ten minutes at most.</summary>
    public static int KeepBusy()
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromMinutes(10))
            Thread.SpinWait(1000);
        return 0;
    }

    private static Comparison Measure(string title, Func<string[]> arguments, int rounds)
    {
        using var half = HalfQuota.TryMake(out var missing);
        (string Name, double Limit, Func<double> Run)[] cases =
        [
            ("alone", 1, () => Seconds(arguments)),
            ("libtorch's own threads, alone", 0, () => Seconds(arguments, plain: true)),
            ("beside one busy process", MostBeside, () => BesideBusy(() => Seconds(arguments))),
            ("two at once, the slower", MostBeside, () => TwoAtOnce(arguments)),
            .. half is null
                ? Array.Empty<(string, double, Func<double>)>()
                : [("under half of the cores' time", MostHalf, () => Seconds(arguments, group: half.Folder))],
        ];
        Seconds(arguments); // files and code are in memory from here on
        var times = cases.Select(_ => new double[rounds]).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < cases.Length; i++)
                times[i][round] = cases[i].Run();
            // The two that are to differ least run once more in the opposite order: a machine that becomes faster or
            // slower meanwhile then does so for both.
            times[1][round] = (times[1][round] + cases[1].Run()) / 2;
            times[0][round] = (times[0][round] + cases[0].Run()) / 2;
        }
        var medians = times.Select(t => Comparison.Median(t)).ToArray();
        double Ratio(int of, int to) => Comparison.Median([.. times[of].Zip(times[to], (a, b) => a / b)]);
        var verdicts = cases.Select((c, i) => i switch
        {
            0 => Text($"alone {Ratio(0, 1):F2} times as long as with libtorch's own threads (at most {MostAlone})"),
            1 => "",
            _ => Text($"{c.Name} {Ratio(i, 0):F2} times as long as alone (at most {c.Limit})"),
        }).Where(v => v.Length > 0).ToList();
        if (missing.Length > 0)
            verdicts.Add($"half of the cores' time was not measured: {missing}");
        return new(
            title,
            [
                .. cases.Select(
                    (c, i) =>
                    {
                        var faster = times[0].Zip(times[i], (first, own) => first / own).ToArray();
                        return new Timing(
                            c.Name,
                            medians[i] * 1000,
                            times[i].Min() * 1000,
                            times[i].Max() * 1000,
                            0,
                            Comparison.Median(faster),
                            faster.Min(),
                            faster.Max(),
                            0,
                            null);
                    }
                ),
            ],
            string.Join("\n  ", verdicts));
    }

    private static double TwoAtOnce(Func<string[]> arguments)
    {
        using var first = new Child(arguments());
        using var second = new Child(arguments());
        return Math.Max(first.Seconds(), second.Seconds());
    }

    private static double BesideBusy(Func<double> run)
    {
        using var busy = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, [.. Host(typeof(SharingBenchmark)), Busy])
        )!;
        try
        {
            return run();
        }
        finally
        {
            busy.Kill();
            busy.WaitForExit();
        }
    }

    private static double Seconds(Func<string[]> arguments, bool plain = false, string? group = null)
    {
        using var child = new Child(arguments(), plain, group);
        return child.Seconds();
    }

    /// <summary>The program, from its start on.</summary>
    private sealed class Child : IDisposable
    {
        private readonly DateTime _start = DateTime.UtcNow;
        private readonly Process _process;
        private readonly Task<string> _errors;

        /// <param name="plain">libtorch as it comes: a thread for each core, which wait as libgomp has it.</param>
        /// <param name="group">Of control groups; null for this process's own.</param>
        public Child(string[] arguments, bool plain = false, string? group = null)
        {
            string[] program = ["dotnet", "exec", Subject.Program, .. arguments];
            // A shell enters the group and becomes the program, which then never was outside.
            var start = group is null ? new ProcessStartInfo(program[0], program[1..])
                : new ProcessStartInfo("sh", ["-c", "echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", group, .. program]);
            (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
            foreach (var name in (string[])[ProcessThreads.Variable, "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"])
                start.Environment.Remove(name);
            if (plain)
            {
                start.Environment[ProcessThreads.Variable] = Text($"{new Processors().Allowed().Count}");
                start.Environment["GOMP_SPINCOUNT"] = "300000"; // libgomp's own
            }
            _process = Process.Start(start)!;
            _process.OutputDataReceived += (_, _) => { };
            _process.BeginOutputReadLine();
            _errors = _process.StandardError.ReadToEndAsync();
        }

        /// <summary>Waits for its end.</summary>
        public double Seconds()
        {
            _process.WaitForExit();
            return _process.ExitCode == 0
                ? (_process.ExitTime.ToUniversalTime() - _start).TotalSeconds
                : throw new InvalidOperationException($"The program failed: {_errors.Result}");
        }

        public void Dispose() => _process.Dispose();
    }

    private static string[] Host(Type type) =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? ["exec", type.Assembly.Location] : [];

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>
    /// Phantoms and a recipe in a folder of their own; the checkpoint is the one that comes with the sources.
    /// </summary>
    private sealed class Subject : IDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("marrow-sharing-").FullName;
        private int _outputs;

        public Subject()
        {
            if (!File.Exists(Program))
                throw new MarrowException(
                    $"{Program}: the program is measured beside others, and is not built. Build it first: dotnet "
                        + $"build src/Marrow.Cli -c Release"
                );
            PhantomWriter.WriteSpine(Path.Combine(_folder, "spines"), 30, 1);
            var films = Directory.CreateDirectory(Path.Combine(_folder, "films")).FullName;
            foreach (
                var film in Directory
                    .EnumerateFiles(Path.Combine(_folder, "spines"), "*.jpg", SearchOption.AllDirectories)
                    .Order(StringComparer.Ordinal)
                    .Take(Films))
                File.Copy(film, Path.Combine(films, Path.GetFileName(film)));
            File.WriteAllText(
                Path.Combine(_folder, "recipe.yaml"),
                $$"""
                name: sharing
                seed: 1
                heldOut: 0.1
                stages:
                  - name: landmarks
                    task: detect-vertebrae
                    model: retinanet-densenet121
                    tag: sharing
                    data: {name: spines, format: spineweb16, license: CC0-1.0, citation: Synthetic radiographs made by Marrow.}
                    input: {width: 96, height: 256, fit: letterbox}
                    train: {steps: {{Steps}}, batch: 4, lr: 1.0e-3, clipNorm: 10}
                """
            );
        }

        private static readonly string Sources = Path.GetFullPath(
            Path.Combine(AppContext.BaseDirectory, "../../../../.."));

        /// <summary>Beside this program's own source, as it is built.</summary>
        public static string Program { get; } =
            Path.Combine(Sources, "src/Marrow.Cli/bin/Release/net10.0/Marrow.Cli.dll");

        public string[] Predict() =>
            [
                "predict",
                Path.Combine(_folder, "films"),
                "--hub",
                Path.Combine(Sources, "hub"),
                "--checkpoint",
                "retinanet-resnet16-mlnet.spineweb16",
                "--out",
                Output(),
            ];

        public string[] Train() =>
            [
                "run",
                Path.Combine(_folder, "recipe.yaml"),
                "--data",
                $"spines={Path.Combine(_folder, "spines")}",
                "--out",
                Output(),
            ];

        public void Dispose() => Directory.Delete(_folder, recursive: true);

        private string Output() => Path.Combine(_folder, Text($"out{Interlocked.Increment(ref _outputs)}"));
    }

    /// <summary>A control group with half of the cores' time; where none can be made, why.</summary>
    private sealed class HalfQuota : IDisposable
    {
        public required string Folder { get; init; }

        public static HalfQuota? TryMake(out string why)
        {
            why = "";
            var half = new Processors().Allowed().Count * 100_000 / 2;
            foreach (
                var (parent, file, text) in ((string, string, string)[])
                    [
                        ("/sys/fs/cgroup", "cpu.max", Text($"{half} 100000")),
                        ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", Text($"{half}")),
                    ])
            {
                var folder = Path.Combine(parent, Text($"marrow-sharing-{Environment.ProcessId}"));
                try
                {
                    if (!Directory.Exists(parent))
                        continue;
                    Directory.CreateDirectory(folder);
                    if (File.Exists(Path.Combine(folder, file)))
                    {
                        File.WriteAllText(Path.Combine(folder, file), text);
                        return new() { Folder = folder };
                    }
                    Directory.Delete(folder);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    why = e.Message;
                }
            }
            why = why.Length > 0 ? why : "no control group can be made here";
            return null;
        }

        public void Dispose()
        {
            try
            {
                Directory.Delete(Folder);
            }
            catch (IOException)
            {
                // A process that ended a moment ago may still be listed in it; an empty group costs nothing.
            }
        }
    }
}

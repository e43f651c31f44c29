
// What speed is promised, measured as ratios within one process. Absolute times depend on the machine and on what else
// it does; the alternatives of one comparison run in turn, so that both slow down together.

using System.Globalization;
using System.Text.Json;
using Marrow;
using Marrow.Benchmarks;
using Marrow.Computing;
using Marrow.Training.Loop;
using static TorchSharp.torch;

const string usage = """
    usage: Marrow.Benchmarks [train] [inference] [detector] [loader] [checkpoint] [load] [hub] [sharing-predict] [sharing-train] [profile] [all] [--json] [--rounds N] [--threads N]
      all         everything but profile; the default
      sharing-*   the program beside others, as processes of their own; src/Marrow.Cli must be built
      profile     where a training step's time goes
      --rounds    times each alternative runs, after one warm-up; default 5
      --threads   of libtorch; default: its own choice
    usage: Marrow.Benchmarks refusals|robustness|predict ...: what checkpoints refuse, how angles change with the film,
           what a prediction takes; without arguments each says how
    """;

var benchmarks = new Dictionary<string, Func<int, IEnumerable<Comparison>>>
{
    ["train"] = TrainingBenchmark.Classifier,
    ["inference"] = InferenceBenchmark.Classifier,
    ["detector"] = rounds => TrainingBenchmark.Detector(rounds).Concat(InferenceBenchmark.Detector(rounds)),
    ["loader"] = LoaderBenchmark.Run,
    ["checkpoint"] = CheckpointBenchmark.Run,
    ["hub"] = HubBenchmark.Run,
    ["load"] = CheckpointBenchmark.Load,
    ["sharing-predict"] = SharingBenchmark.Predict,
    ["sharing-train"] = SharingBenchmark.Train,
};
if (args is [SharingBenchmark.Busy])
    return SharingBenchmark.KeepBusy();
if (args is [RefusalTable.Name, .. var refusals])
    return RefusalTable.Run(refusals, Console.Out);
if (args is [RobustnessTable.Name, .. var robustness])
    return RobustnessTable.Run(robustness, Console.Out);
if (args is [PredictionTimes.Name, .. var times])
    return PredictionTimes.Run(times, Console.Out);
var (chosen, json, rounds) = (new List<string>(), false, 5);
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--json")
        json = true;
    else if (args[i] is "--rounds" or "--threads" && i + 1 < args.Length
        && int.TryParse(args[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0)
    {
        if (args[i++] == "--threads")
            set_num_threads(number);
        else
            rounds = number;
    }
    else if (args[i] == "all")
        chosen.AddRange(benchmarks.Keys);
    else if (args[i] == "profile" || benchmarks.ContainsKey(args[i]))
        chosen.Add(args[i]);
    else
    {
        Console.Error.WriteLine(usage);
        return 2;
    }
}
if (chosen.Count == 0)
    chosen.AddRange(benchmarks.Keys);

var machine = new Machine(
    Environment.ProcessorCount,
    get_num_threads(),
    Compute.HasBFloat16Instructions(),
    Autocast.IsAvailable,
    FusedAdamW.IsAvailable);
if (!json)
    Console.WriteLine(
        string.Create(
            CultureInfo.InvariantCulture,
            $"{machine.Processors} processors, {machine.TorchThreads} threads, bf16 instructions: "
                + $"{machine.BFloat16Instructions}, autocast: {machine.Autocast}, fused AdamW: {machine.FusedAdamW}"));
var comparisons = new List<Comparison>();
foreach (var name in chosen.Distinct())
{
    if (name == "profile")
    {
        StepProfile.Run(rounds, json ? Console.Error : Console.Out);
        continue;
    }
    foreach (var comparison in benchmarks[name](rounds))
    {
        comparisons.Add(comparison);
        if (!json)
            comparison.Print(Console.Out);
    }
}
if (json)
    Console.WriteLine(JsonSerializer.Serialize(new { machine, comparisons }, MarrowJson.Options));
return 0;

internal sealed record Machine(
    int Processors,
    int TorchThreads,
    bool BFloat16Instructions,
    bool Autocast,
    bool FusedAdamW);

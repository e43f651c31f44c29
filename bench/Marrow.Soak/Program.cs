
// The long forms of the tests that need many cases: damaged files, flipped bits, processes at once.

using System.Diagnostics;
using System.Globalization;
using Marrow.Soak;

var soaks = new Dictionary<string, Soak>
{
    ["safetensors"] = SafetensorsSoak.Run,
    ["bit-flips"] = BitFlipSoak.Run,
    ["pickle"] = PickleSoak.Run,
    ["pulled-flips"] = PulledFlipSoak.Run,
    ["processes"] = ProcessSoak.Run, // cases: rounds of each of 16
};
const string usage = """
    usage: Marrow.Soak NAME CASES [--seed N]
    """;

if (args is [ProcessSoakWorker.Command, .. var rest])
    return ProcessSoakWorker.Run(rest);
if (args is not ([_, _] or [_, _, "--seed", _]) || !soaks.TryGetValue(args[0], out var soak)
    || !long.TryParse(args[1], NumberStyles.None, CultureInfo.InvariantCulture, out var cases))
{
    Console.Error.WriteLine($"{usage}\nnames: {string.Join(", ", soaks.Keys)}");
    return 2;
}
var seed =
    args.Length == 4 && ulong.TryParse(args[3], NumberStyles.None, CultureInfo.InvariantCulture, out var given)
        ? given
        : 1;
var watch = Stopwatch.StartNew();
var report = soak(cases, seed, line => Console.Error.WriteLine(line));
var counts = report.Counts.Select(c => FormattableString.Invariant($"{c.Value:N0} {c.Key}"));
Console.WriteLine(
    string.Create(
        CultureInfo.InvariantCulture,
        $"{report.Name}: {report.Cases:N0} cases in {watch.Elapsed.TotalSeconds:N0} s, {string.Join(", ", counts)}, "
            + $"{report.Faults.Count} faults, peak memory {Process.GetCurrentProcess().PeakWorkingSet64 >> 20} MiB"));
foreach (var fault in report.Faults.Take(20))
    Console.WriteLine(fault);
return report.Faults.Count == 0 ? 0 : 1;

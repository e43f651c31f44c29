using System.Diagnostics;
using System.Text.Json.Nodes;

namespace Marrow.Tests.Experiments;

/// <summary>Real processes of the program in one experiment's folder, as the elements of a job array are.</summary>
public class ExperimentProcessTests
{
    [Fact(Explicit = true)]
    public void Two_elements_at_once_do_not_disturb_each_other_and_a_collector_finds_both()
    {
        using var experiment = new TinyExperiment();
        Process[] elements = [Start(experiment, "--index", "0"), Start(experiment, "--index", "1")];
        foreach (var element in elements)
            Assert.Equal((0, ""), Finish(element));
        var collected = Finish(Start(experiment, "--resume"));
        Assert.Equal((0, ""), collected);
        var document = JsonNode.Parse(File.ReadAllText(experiment.Out("out/experiment.json")))!;
        Assert.Equal(2, document["runs"]!.AsArray().Count);
    }

    [Fact(Explicit = true)]
    public void Two_at_the_same_run_do_it_once_and_give_one_result()
    {
        using var experiment = new TinyExperiment();
        Process[] elements =
        [
            Start(experiment, "--index", "0"),
            Start(experiment, "--index", "0"),
            Start(experiment, "--index", "0"),
        ];
        var ends = elements.Select(Finish).ToList();
        Assert.Contains(ends, e => e.Code == 0);
        Assert.All(ends, e =>
            Assert.True(
                e.Code == 0 || e.Error.Contains("Another process is at run 0", StringComparison.Ordinal),
                e.Error));
    }

    [Fact(Explicit = true)]
    public void A_killed_experiment_goes_on_and_ends_as_one_that_never_was()
    {
        using var experiment = new TinyExperiment();
        Assert.Equal(0, Finish(Start(experiment, "--resume", "--out", experiment.Out("whole"))).Code);
        for (var killed = 0; killed < 3; killed++)
        {
            using var part = Start(experiment, "--resume");
            var runs = experiment.Out("out/runs");
            while (!part.HasExited && (!Directory.Exists(runs) || Directory.GetDirectories(runs).Length <= killed / 2))
                Thread.Sleep(2);
            Thread.Sleep(100 * killed);
            part.Kill();
            part.WaitForExit();
        }
        Assert.Equal(0, Finish(Start(experiment, "--resume")).Code);
        Assert.Equal(Numbers("whole"), Numbers("out"));

        string Numbers(string name)
        {
            var document = JsonNode.Parse(File.ReadAllText(experiment.Out($"{name}/experiment.json")))!;
            return document["cells"]!.ToJsonString()
                + document["differences"]!.ToJsonString()
                + document["savings"]!.ToJsonString();
        }
    }

    private static Process Start(TinyExperiment experiment, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        string[] place = more.Contains("--out") ? [] : ["--out", experiment.Out("out")];
        foreach (
            var argument in (string[])
                [
                    "exec",
                    Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll"),
                    "experiment",
                    experiment.Tiny.RecipePath,
                    "--data",
                    $"tiny={experiment.Tiny.Data}",
                    "--hub",
                    experiment.Hub,
                    "--set",
                    "first.data.validation=0",
                    "--fractions",
                    "0.5,1",
                    "--starts",
                    "scratch",
                    "--seeds",
                    "1",
                    "--json",
                    .. place,
                    .. more,
                ])
            start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    /// <summary>The exit code, and what was said about errors.</summary>
    private static (int Code, string Error) Finish(Process process)
    {
        using (process)
        {
            var error = process.StandardError.ReadToEndAsync();
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (
                process.ExitCode,
                string.Join(
                    '\n',
                    error.Result.Split('\n').Where(line => line.StartsWith("error", StringComparison.Ordinal))));
        }
    }
}

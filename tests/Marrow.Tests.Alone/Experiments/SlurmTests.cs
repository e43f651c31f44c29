using System.Text.Json.Nodes;
using Marrow.Training.Experiments;

namespace Marrow.Tests.Experiments;

public class SlurmTests
{
    [Fact]
    public void The_script_is_an_array_with_an_element_for_each_run()
    {
        using var experiment = new TinyExperiment();
        var request = new ExperimentRequest(experiment.Request("out")) { Starts = ["scratch"] };
        var submit = Experiment.WriteJobs(
            request,
            ["marrow", "experiment", "a b.yaml"],
            ["time=1:00:00", "mem=4G", "exclusive"]);
        var script = File.ReadAllText(experiment.Out("out/experiment.sbatch"));
        Assert.StartsWith("#!/bin/bash\n", script, StringComparison.Ordinal);
        Assert.Contains("#SBATCH --array=0-3\n", script, StringComparison.Ordinal);
        Assert.Contains("#SBATCH --mem=4G\n#SBATCH --exclusive\n", script, StringComparison.Ordinal);
        Assert.EndsWith(
            "exec marrow experiment 'a b.yaml' --index \"$SLURM_ARRAY_TASK_ID\"\n",
            script,
            StringComparison.Ordinal);
        Assert.EndsWith(
            "exec marrow experiment 'a b.yaml' --resume\n",
            File.ReadAllText(experiment.Out("out/collect.sbatch")),
            StringComparison.Ordinal);
        Assert.Equal(2, submit.Count);
        Assert.True(File.Exists(experiment.Out("out/plan.json")));
    }

    [Theory]
    [InlineData("array=0-3")]
    [InlineData("chdir=/")]
    [InlineData("time=1:00:00\n#SBATCH --uid=0")]
    [InlineData("mem=\"4G\"")]
    [InlineData("--mem=4G")]
    [InlineData("")]
    public void What_is_no_option_of_sbatch_or_the_experiments_own_is_refused(string option)
    {
        using var experiment = new TinyExperiment();
        Assert.Contains(
            "--slurm",
            Assert
                .Throws<MarrowException>(() =>
                    Experiment.WriteJobs(new(experiment.Request("out")) { Starts = ["scratch"] }, ["marrow"], [option]))
                .Message,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(experiment.Out("out")));
    }

    [Fact(Explicit = true)]
    public void A_job_array_does_the_runs_and_a_last_job_collects_them()
    {
        using var experiment = new TinyExperiment();
        using var node = SlurmNode.StartOrSkip(Path.Combine(experiment.Tiny.Folder, "slurm"));
        var cli = Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll");
        var output = node.Shell(
            $"cd '{experiment.Tiny.Folder}' && dotnet exec '{cli}' experiment recipe.yaml --data tiny=data --set "
                + $"first.data.validation=0 --fractions 0.5,1 --starts scratch --seeds 2 --out out --slurm "
                + $"cpus-per-task=1 --json"
        );
        var submit = JsonNode.Parse(output)!["submit"]!.AsArray().Select(l => (string)l!).ToList();
        node.Shell(
            $"cd / && {submit[0]} && {submit[1].Replace("sbatch ", "sbatch --wait ", StringComparison.Ordinal)}");
        var document = JsonNode.Parse(File.ReadAllText(experiment.Out("out/experiment.json")))!;
        Assert.Equal(4, document["runs"]!.AsArray().Count);
        Assert.Equal(4, Directory.GetFiles(experiment.Out("out/slurm"), "*_*.log").Length); // Each by its element.
        Assert.All(Directory.GetFiles(experiment.Out("out/slurm"), "*_*.log"), log =>
            Assert.Contains("run ", File.ReadAllText(log), StringComparison.Ordinal));
        Assert.True(File.Exists(experiment.Out("out/experiment.html")));
    }
}

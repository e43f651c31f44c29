using System.Text.Json.Nodes;
using Marrow.Training.Experiments;

namespace Marrow.Tests.Studies;

public class SlurmTests
{
    [Fact]
    public void The_script_is_an_array_with_an_element_for_each_run()
    {
        using var study = new TinyStudy();
        var request = study.Request("out") with { Starts = ["scratch"] };
        var submit = SlurmScript.Write(request, "marrow study 'a b.yaml'", ["time=1:00:00", "mem=4G", "exclusive"]);
        var script = File.ReadAllText(study.Out("out/study.sbatch"));
        Assert.StartsWith("#!/bin/bash\n", script, StringComparison.Ordinal);
        Assert.Contains("#SBATCH --array=0-3\n", script, StringComparison.Ordinal);
        Assert.Contains("#SBATCH --mem=4G\n#SBATCH --exclusive\n", script, StringComparison.Ordinal);
        Assert.EndsWith("exec marrow study 'a b.yaml' --index \"$SLURM_ARRAY_TASK_ID\"\n", script, StringComparison.Ordinal);
        Assert.EndsWith("exec marrow study 'a b.yaml' --resume\n", File.ReadAllText(study.Out("out/collect.sbatch")), StringComparison.Ordinal);
        Assert.Equal(2, submit.Count);
        Assert.True(File.Exists(study.Out("out/plan.json")));
    }

    [Theory]
    [InlineData("array=0-3")]
    [InlineData("chdir=/")]
    [InlineData("time=1:00:00\n#SBATCH --uid=0")]
    [InlineData("mem=\"4G\"")]
    [InlineData("--mem=4G")]
    [InlineData("")]
    public void What_is_no_option_of_sbatch_or_the_studys_own_is_refused(string option)
    {
        using var study = new TinyStudy();
        Assert.Contains("--slurm", Assert.Throws<MarrowException>(() => SlurmScript.Write(study.Request("out") with { Starts = ["scratch"] }, "marrow", [option])).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(study.Out("out")));
    }

    [Fact(Explicit = true)]
    public void A_job_array_does_the_runs_and_a_last_job_collects_them()
    {
        using var study = new TinyStudy();
        using var node = SlurmNode.StartOrSkip(Path.Combine(study.Tiny.Folder, "slurm"));
        var cli = Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll");
        var output = node.Shell($"cd '{study.Tiny.Folder}' && dotnet exec '{cli}' study recipe.yaml --data tiny=data --set first.data.validation=0 --fractions 0.5,1 --starts scratch --seeds 2 --out out --slurm cpus-per-task=1 --json");
        var submit = JsonNode.Parse(output)!["submit"]!.AsArray().Select(l => (string)l!).ToList();
        node.Shell($"cd / && {submit[0]} && {submit[1].Replace("sbatch ", "sbatch --wait ", StringComparison.Ordinal)}");
        var document = JsonNode.Parse(File.ReadAllText(study.Out("out/study.json")))!;
        Assert.Equal(4, document["runs"]!.AsArray().Count);
        Assert.Equal(4, Directory.GetFiles(study.Out("out/slurm"), "*_*.log").Length); // Each by its element.
        Assert.All(Directory.GetFiles(study.Out("out/slurm"), "*_*.log"), log => Assert.Contains("run ", File.ReadAllText(log), StringComparison.Ordinal));
        Assert.True(File.Exists(study.Out("out/study.html")));
    }
}

using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Marrow.Training.Experiments;

/// <summary>
/// An experiment as a SLURM job array: OUT/experiment.sbatch has an element for each run of the plan,
/// OUT/collect.sbatch makes the tables, the picture and the page from what they measured.
/// </summary>
internal static partial class SlurmScript
{
    private static readonly string[] Ours = ["array", "chdir", "dependency", "parsable", "wait"];

    /// <summary>Writes both scripts and the plan; see <see cref="Experiment.WriteJobs"/>.</summary>
    public static IReadOnlyList<string> Write(
        ExperimentRequest request, IReadOnlyList<string> program, IReadOnlyList<string> options)
    {
        var command = RepeatCommands.Quote(program);
        foreach (var option in options)
            Require(option);
        var (plan, folder) = Experiment.Open(request, exactly: false);
        folder.SavePlan(request, plan);
        var root = Path.GetFullPath(request.OutFolder);
        var logs = Path.Combine(root, "slurm");
        Directory.CreateDirectory(logs); // sbatch does not make it
        var (array, collect) = (Path.Combine(root, "experiment.sbatch"), Path.Combine(root, "collect.sbatch"));
        AtomicFile.WriteText(
            array,
            Script(
                $"marrow-{plan.Name}",
                options,
                $"#SBATCH --array=0-{plan.Runs.Count - 1}\n",
                Path.Combine(logs, "%A_%a.log"),
                $"{command} --index \"$SLURM_ARRAY_TASK_ID\""));
        AtomicFile.WriteText(
            collect,
            Script($"marrow-{plan.Name}-collect", options, "", Path.Combine(logs, "%j.log"), $"{command} --resume"));
        return
        [
            $"runs=$(sbatch --parsable {RepeatCommands.Quote(array)})",
            $"sbatch --dependency=afterany:$runs {RepeatCommands.Quote(collect)}",
        ];
    }

    private static string Script(string name, IReadOnlyList<string> options, string array, string log, string command)
    {
        var text = new StringBuilder("#!/bin/bash\n");
        text.Append(
            CultureInfo.InvariantCulture,
            $"#SBATCH --job-name={name}\n{array}#SBATCH --output={Escape(log)}\n#SBATCH "
                + $"--chdir={Escape(Directory.GetCurrentDirectory())}\n"
        );
        foreach (var option in options)
            // the last one counts: they may say otherwise
            text.Append(CultureInfo.InvariantCulture, $"#SBATCH --{option}\n");
        text.Append(
            "# The threads that the job was given, no more.\nexport OMP_NUM_THREADS=\"${SLURM_CPUS_PER_TASK:-1}\"\n");
        return text.Append(CultureInfo.InvariantCulture, $"exec {command}\n").ToString();
    }

    private static void Require(string option)
    {
        if (!Option().IsMatch(option) || Ours.Contains(option.Split('=')[0]))
            throw new MarrowException(
                $"--slurm {option}: expected an option of sbatch as name=value, such as time=4:00:00, "
                    + $"cpus-per-task=8, mem=16G or partition=gpu; {string.Join(", ", Ours)} are the experiment's own."
            );
    }

    private static string Escape(string path) => path.Contains(' ', StringComparison.Ordinal) ? $"\"{path}\"" : path;

    [GeneratedRegex(@"^[a-z][a-z-]*(=[^\s""'\\]+)?\z")]
    private static partial Regex Option();
}

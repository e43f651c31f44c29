using System.Text.Json.Serialization;

namespace Marrow.Training.Experiments;

/// <summary>A run that could not be carried out, with the reason.</summary>
public sealed class ExperimentFailure
{
    internal ExperimentFailure(ExperimentRun run, string message) => (Run, Message) = (run, message);

    /// <summary>The run that failed.</summary>
    public ExperimentRun Run { get; }

    /// <summary>The error message.</summary>
    public string Message { get; }
}

/// <summary>A model that the experiment has saved into the hub.</summary>
public sealed class ExperimentSaved
{
    internal ExperimentSaved(string start, string checkpoint, string folder) =>
        (Start, Checkpoint, Folder) = (start, checkpoint, folder);

    /// <summary>The name of the starting point.</summary>
    public string Start { get; }

    /// <summary>The name and the digest of the checkpoint.</summary>
    public string Checkpoint { get; }

    [JsonInclude] internal string Folder { get; }
}

/// <summary>
/// The outcome of an experiment. All its numbers are in experiment.json and in the report's JSON document.
/// </summary>
public sealed class ExperimentResult
{
    /// <param name="unit">The unit of the metric in the runs; that of a number is the unit of its labels.</param>
    internal ExperimentResult(
        ExperimentPlan plan, string outFolder, IReadOnlyList<ExperimentRunResult> runs,
        IReadOnlyList<ExperimentFailure> failures, int elsewhere, string unit, bool higherIsBetter) =>
        (
            Plan, OutFolder, Runs, Failures, Elsewhere, Unit, HigherIsBetter) = (
            plan, outFolder, runs, failures, elsewhere, unit, higherIsBetter);

    /// <summary>The plan that was carried out.</summary>
    public ExperimentPlan Plan { get; }

    /// <summary>The results of the finished runs, in the order of the plan.</summary>
    public IReadOnlyList<ExperimentRunResult> Runs { get; }

    /// <summary>The runs that failed. They are tried again when the experiment is resumed.</summary>
    public IReadOnlyList<ExperimentFailure> Failures { get; }

    /// <summary>False while other processes carry out runs. In that case only the runs are filled in.</summary>
    public bool IsComplete => Elsewhere == 0;

    /// <summary>
    /// What each start is worth with each amount of labels; empty when the experiment has no runs from scratch.
    /// </summary>
    public IReadOnlyList<ExperimentSaving> Savings { get; internal init; } = [];

    /// <summary>One sentence for each start that says what it is worth.</summary>
    public IReadOnlyList<string> Sentences { get; internal init; } = [];

    /// <summary>The models of checkpoint starts that were saved into the hub.</summary>
    public IReadOnlyList<ExperimentSaved> Saved { get; internal init; } = [];

    /// <summary>
    /// A report with the curves, the paired differences, the sentences, and where everything else is found.
    /// </summary>
    public TextReport Report => ExperimentReport.Of(this);

    internal string OutFolder { get; }

    /// <summary>The number of runs that other processes are carrying out.</summary>
    internal int Elsewhere { get; }

    internal string Unit { get; }
    internal bool HigherIsBetter { get; }
    internal IReadOnlyList<ExperimentCell> Cells { get; init; } = [];
    internal IReadOnlyList<ExperimentDifference> Differences { get; init; } = [];
}

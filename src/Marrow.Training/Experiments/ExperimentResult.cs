using System.Text.Json.Serialization;

namespace Marrow.Training.Experiments;

/// <summary>A run that could not be carried out, and why.</summary>
public sealed class ExperimentFailure
{
    internal ExperimentFailure(ExperimentRun run, string message) => (Run, Message) = (run, message);

    public ExperimentRun Run { get; }

    public string Message { get; }
}

/// <summary>A model that the experiment has saved.</summary>
public sealed class ExperimentSaved
{
    internal ExperimentSaved(string start, string checkpoint, string folder) =>
        (Start, Checkpoint, Folder) = (start, checkpoint, folder);

    public string Start { get; }

    /// <summary>Name and digest.</summary>
    public string Checkpoint { get; }

    [JsonInclude] internal string Folder { get; }
}

/// <summary>What an experiment came to; its numbers are in experiment.json and in the report's document.</summary>
public sealed class ExperimentResult
{
    /// <param name="unit">Of the metric, as the runs have it: a number's is that of its labels.</param>
    internal ExperimentResult(
        ExperimentPlan plan, string outFolder, IReadOnlyList<ExperimentRunResult> runs,
        IReadOnlyList<ExperimentFailure> failures, int elsewhere, string unit, bool higherIsBetter) =>
        (
            Plan, OutFolder, Runs, Failures, Elsewhere, Unit, HigherIsBetter) = (
            plan, outFolder, runs, failures, elsewhere, unit, higherIsBetter);

    public ExperimentPlan Plan { get; }

    /// <summary>Of the runs that are done, in the order of the plan.</summary>
    public IReadOnlyList<ExperimentRunResult> Runs { get; }

    /// <summary>Tried again when the experiment is resumed.</summary>
    public IReadOnlyList<ExperimentFailure> Failures { get; }

    /// <summary>False while other processes are at runs: then nothing but the runs is filled in.</summary>
    public bool IsComplete => Elsewhere == 0;

    /// <summary>What each start was worth with each amount of labels; empty without scratch.</summary>
    public IReadOnlyList<ExperimentSaving> Savings { get; internal init; } = [];

    /// <summary>What each start was worth, in one sentence for each.</summary>
    public IReadOnlyList<string> Sentences { get; internal init; } = [];

    /// <summary>The models of checkpoint starts that were saved into the hub.</summary>
    public IReadOnlyList<ExperimentSaved> Saved { get; internal init; } = [];

    /// <summary>The curves, the paired differences, the sentences, and where the rest is found.</summary>
    public TextReport Report => ExperimentReport.Of(this);

    internal string OutFolder { get; }

    /// <summary>How many runs other processes are at.</summary>
    internal int Elsewhere { get; }

    internal string Unit { get; }
    internal bool HigherIsBetter { get; }
    internal IReadOnlyList<ExperimentCell> Cells { get; init; } = [];
    internal IReadOnlyList<ExperimentDifference> Differences { get; init; } = [];
}

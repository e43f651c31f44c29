namespace Marrow.Training.Experiments;

/// <summary>A metric in the run of one seed.</summary>
public sealed record SeedValue(ulong Seed, double Value);

/// <summary>A point of a curve: one start and method with so many labels.</summary>
public sealed record ExperimentCell
{
    public required string Start { get; init; }
    public required string Method { get; init; }
    public required ExperimentShare Share { get; init; }

    /// <summary>Labelled images trained on, mean over the seeds.</summary>
    public required double Images { get; init; }

    /// <summary>The metric of each run that is done.</summary>
    public required IReadOnlyList<SeedValue> Values { get; init; }

    public required double Mean { get; init; }

    /// <summary>
    /// 95 %: by Student's t over the seeds; with one seed by the bootstrap over the held-out patients. NaN when there is none.
    /// </summary>
    public required double Low { get; init; }
    public required double High { get; init; }
}

/// <summary>Two points of equal labels, on the same held-out films, seed by seed.</summary>
public sealed record ExperimentDifference
{
    public required string Start { get; init; }
    public required string Method { get; init; }
    public required string AgainstStart { get; init; }
    public required string AgainstMethod { get; init; }
    public required ExperimentShare Share { get; init; }

    /// <summary>Of the metric, mean over the seeds that both have.</summary>
    public required double Mean { get; init; }

    /// <summary>95 % by the paired bootstrap over the held-out patients, seeds averaged: other films. NaN when there is none.</summary>
    public required double FilmsLow { get; init; }
    public required double FilmsHigh { get; init; }

    /// <summary>95 % by Student's t over the seeds: other draws of labels and weights. NaN with one seed.</summary>
    public required double SeedsLow { get; init; }
    public required double SeedsHigh { get; init; }

    /// <summary>"better" or "worse" when every interval that there is leaves 0 out, else "unclear".</summary>
    public required string Verdict { get; init; }
}

/// <summary>How many labels from scratch buy the error of a start with fewer.</summary>
public sealed record ExperimentSaving
{
    public required string Start { get; init; }
    public required string Method { get; init; }
    public required ExperimentShare Share { get; init; }
    public required double Images { get; init; }
    public required LabelSaving Saving { get; init; }

    /// <summary>Ends of the 95 % interval: seeds and held-out patients drawn again together. Factor NaN when there is none.</summary>
    public required LabelSaving Low { get; init; }
    public required LabelSaving High { get; init; }
}

/// <summary>A run that could not be carried out, and why.</summary>
public sealed record ExperimentFailure(ExperimentRun Run, string Message);

/// <summary>A model that the experiment has saved.</summary>
/// <param name="Checkpoint">Name and digest.</param>
public sealed record ExperimentSaved(string Start, string Checkpoint, string Folder);

/// <summary>What an experiment came to.</summary>
public sealed record ExperimentResult
{
    public required ExperimentPlan Plan { get; init; }
    public required IReadOnlyList<ExperimentRunResult> Runs { get; init; }

    /// <summary>Tried again when the experiment is resumed.</summary>
    public required IReadOnlyList<ExperimentFailure> Failures { get; init; }

    /// <summary>How many runs other processes are at.</summary>
    public required int Elsewhere { get; init; }

    /// <summary>False: too early for results; nothing but the runs is filled in.</summary>
    public bool IsComplete => Elsewhere == 0;

    /// <summary>Of the metric, as the runs have it: a number's is that of its labels.</summary>
    public required string Unit { get; init; }
    public required bool HigherIsBetter { get; init; }
    public IReadOnlyList<ExperimentCell> Cells { get; init; } = [];
    public IReadOnlyList<ExperimentDifference> Differences { get; init; } = [];
    public IReadOnlyList<ExperimentSaving> Savings { get; init; } = [];

    /// <summary>The result, in one sentence for each start.</summary>
    public IReadOnlyList<string> Sentences { get; init; } = [];

    public IReadOnlyList<ExperimentSaved> Saved { get; init; } = [];
}

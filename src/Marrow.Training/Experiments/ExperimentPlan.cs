using System.Globalization;
using System.Text.Json.Serialization;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>How many labels: a share of the training part's patients, or so many of them.</summary>
/// <param name="Patients">Of the training part that are trained on, the same for every seed.</param>
/// <param name="Fraction">Null when the patients were asked for.</param>
public sealed record ExperimentShare(int Patients, double? Fraction = null)
{
    /// <summary>"10 %", "24 patients".</summary>
    public override string ToString() => Fraction is { } share
        ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.####} %")
        : Patients == 1 ? "1 patient" : string.Create(CultureInfo.InvariantCulture, $"{Patients} patients");

    /// <summary>For names of folders: "f10", "p24".</summary>
    internal string Slug => Fraction is { } share ? string.Create(CultureInfo.InvariantCulture, $"f{share * 100:0.####}") : string.Create(CultureInfo.InvariantCulture, $"p{Patients}");
}

/// <summary>The weights that a run starts from.</summary>
/// <param name="Name">As it was asked for: "scratch", "matched:densenet-mini.cxr", "densenet-mini.cxr".</param>
/// <param name="Init">The value of the stage's init: a name from the hub is pinned by its digest.</param>
/// <param name="Digest">Of the checkpoint; "" for scratch.</param>
public sealed record ExperimentStart(string Name, string Init, string Digest)
{
    internal const string Scratch = "scratch";

    [JsonIgnore]
    public bool IsScratch => Name == Scratch;

    /// <summary>True when the weights, and not their statistics alone, are a checkpoint's.</summary>
    [JsonIgnore]
    public bool IsCheckpoint => !IsScratch && !InitReference.IsMatched(Name);
}

/// <summary>One run of the recipe.</summary>
/// <param name="Index">From 0, in the order of the plan.</param>
/// <param name="Name">Of its folder in OUT/runs.</param>
/// <param name="Overrides">Of the recipe, after the request's own.</param>
public sealed record ExperimentRun(int Index, string Name, string Start, string Method, ExperimentShare Share, ulong Seed, IReadOnlyList<string> Overrides)
{
    /// <summary>"scratch, supervised, 10 %, seed 2".</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Start}, {Method}, {Share}, seed {Seed}");
}

/// <summary>The labels that a share leaves under one seed, of the last stage.</summary>
/// <param name="Positives">By class or finding: images that have it; empty for tasks without classes.</param>
public sealed record ExperimentSubset(ExperimentShare Share, ulong Seed, int Patients, int Images, IReadOnlyDictionary<string, int> Positives);

/// <summary>All that an experiment is going to do.</summary>
public sealed record ExperimentPlan
{
    /// <summary>The name of the recipe.</summary>
    public required string Name { get; init; }

    /// <summary>The stages that each run carries out.</summary>
    public required IReadOnlyList<string> Stages { get; init; }

    public required string Task { get; init; }
    public required string Metric { get; init; }

    public required IReadOnlyList<ExperimentStart> Starts { get; init; }
    public required IReadOnlyList<string> Methods { get; init; }

    /// <summary>The amounts of labels, from few to many.</summary>
    public required IReadOnlyList<ExperimentShare> Shares { get; init; }

    public required IReadOnlyList<ulong> Seeds { get; init; }

    /// <summary>Seed by seed, so that an experiment that was stopped has whole curves.</summary>
    public required IReadOnlyList<ExperimentRun> Runs { get; init; }

    /// <summary>The labels that each share leaves under each seed.</summary>
    public required IReadOnlyList<ExperimentSubset> Subsets { get; init; }

    /// <summary>How many patients with labels the training part has.</summary>
    public required int TrainingPatients { get; init; }

    /// <summary>How many patients are held out, the same in every run.</summary>
    public required int HeldOutPatients { get; init; }
    public required int HeldOutImages { get; init; }

    /// <summary>SHA-256 over the names of the held-out images.</summary>
    public required string HeldOutDigest { get; init; }

    /// <summary>Optimizer steps of each stage, in every run.</summary>
    public required IReadOnlyList<int> Steps { get; init; }

    /// <summary>What makes its results say less than they could.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

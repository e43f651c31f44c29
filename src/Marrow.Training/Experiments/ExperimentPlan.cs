using System.Globalization;
using System.Text.Json.Serialization;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>How many labels: a share of the training part's patients, or so many of them.</summary>
internal sealed record ExperimentShare
{
    [JsonConstructor]
    public ExperimentShare(int patients, double? fraction = null) => (Patients, Fraction) = (patients, fraction);

    /// <summary>Of the training part that are trained on, the same for every seed.</summary>
    public int Patients { get; }

    /// <summary>Null when the patients were asked for.</summary>
    public double? Fraction { get; }

    /// <summary>"10 %", "24 patients".</summary>
    public override string ToString() => Fraction is { } share
        ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.####} %")
        : Patients == 1 ? "1 patient" : string.Create(CultureInfo.InvariantCulture, $"{Patients} patients");

    /// <summary>For names of folders: "f10", "p24".</summary>
    [JsonIgnore]
    public string Slug =>
        Fraction is { } share
            ? string.Create(CultureInfo.InvariantCulture, $"f{share * 100:0.####}")
            : string.Create(CultureInfo.InvariantCulture, $"p{Patients}");
}

/// <summary>The weights that a run starts from.</summary>
internal sealed record ExperimentStart
{
    [JsonConstructor]
    public ExperimentStart(string name, string init, string digest) => (Name, Init, Digest) = (name, init, digest);

    /// <summary>As it was asked for: "scratch", "matched:densenet-mini.cxr", "densenet-mini.cxr".</summary>
    public string Name { get; }

    /// <summary>The value of the stage's init: a name from the hub is pinned by its digest.</summary>
    public string Init { get; }

    /// <summary>Of the checkpoint; "" for scratch.</summary>
    public string Digest { get; }

    public const string Scratch = "scratch";

    [JsonIgnore]
    public bool IsScratch => Name == Scratch;

    /// <summary>True when the weights, and not their statistics alone, are a checkpoint's.</summary>
    [JsonIgnore]
    public bool IsCheckpoint => !IsScratch && !InitReference.IsMatched(Name);
}

/// <summary>One run of the recipe.</summary>
public sealed class ExperimentRun
{
    [JsonConstructor]
    internal ExperimentRun(
        int index, string name, string start, string method, ExperimentShare share, ulong seed,
        IReadOnlyList<string> overrides) =>
        (Index, Name, Start, Method, Share, Seed, Overrides) = (index, name, start, method, share, seed, overrides);

    /// <summary>From 0, in the order of the plan.</summary>
    [JsonInclude] internal int Index { get; }

    /// <summary>Of its folder in OUT/runs.</summary>
    [JsonInclude] internal string Name { get; }

    [JsonInclude] internal string Start { get; }

    [JsonInclude] internal string Method { get; }

    [JsonInclude] internal ExperimentShare Share { get; }

    [JsonInclude] internal ulong Seed { get; }

    /// <summary>Of the recipe, after the request's own.</summary>
    [JsonInclude] internal IReadOnlyList<string> Overrides { get; }

    /// <summary>"scratch, supervised, 10 %, seed 2".</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Start}, {Method}, {Share}, seed {Seed}");
}

/// <summary>The labels that a share leaves under one seed, of the last stage.</summary>
internal sealed class ExperimentSubset
{
    [JsonConstructor]
    internal ExperimentSubset(
        ExperimentShare share, ulong seed, int patients, int images, IReadOnlyDictionary<string, int> positives) =>
        (Share, Seed, Patients, Images, Positives) = (share, seed, patients, images, positives);

    public ExperimentShare Share { get; }

    public ulong Seed { get; }

    public int Patients { get; }

    public int Images { get; }

    /// <summary>By class or finding: images that have it; empty for tasks without classes.</summary>
    public IReadOnlyDictionary<string, int> Positives { get; }
}

/// <summary>All that an experiment is going to do.</summary>
public sealed class ExperimentPlan
{
    [JsonConstructor]
    internal ExperimentPlan(
        string name, IReadOnlyList<string> stages, string task, string metric,
        IReadOnlyList<ExperimentStart> starts, IReadOnlyList<string> methods, IReadOnlyList<ExperimentShare> shares,
        IReadOnlyList<ulong> seeds, IReadOnlyList<ExperimentRun> runs, IReadOnlyList<ExperimentSubset> subsets,
        int trainingPatients, int heldOutPatients, int heldOutImages, string heldOutDigest,
        IReadOnlyList<int> steps, IReadOnlyList<string> warnings) =>
        (
            Name, Stages, Task, Metric, Starts, Methods, Shares, Seeds, Runs, Subsets, TrainingPatients,
            HeldOutPatients, HeldOutImages, HeldOutDigest, Steps, Warnings) = (
            name, stages, task, metric, starts, methods, shares, seeds, runs, subsets, trainingPatients,
            heldOutPatients, heldOutImages, heldOutDigest, steps, warnings);

    /// <summary>The name of the recipe.</summary>
    [JsonInclude] internal string Name { get; }

    /// <summary>The stages that each run carries out.</summary>
    [JsonInclude] internal IReadOnlyList<string> Stages { get; }

    [JsonInclude] internal string Task { get; }
    [JsonInclude] internal string Metric { get; }

    [JsonInclude] internal IReadOnlyList<ExperimentStart> Starts { get; }
    [JsonInclude] internal IReadOnlyList<string> Methods { get; }

    /// <summary>The amounts of labels, from few to many.</summary>
    [JsonInclude] internal IReadOnlyList<ExperimentShare> Shares { get; }

    [JsonInclude] internal IReadOnlyList<ulong> Seeds { get; }

    /// <summary>Seed by seed, so that an experiment that was stopped has whole curves.</summary>
    public IReadOnlyList<ExperimentRun> Runs { get; }

    /// <summary>The labels that each share leaves under each seed.</summary>
    [JsonInclude] internal IReadOnlyList<ExperimentSubset> Subsets { get; }

    /// <summary>How many patients with labels the training part has.</summary>
    [JsonInclude] internal int TrainingPatients { get; }

    /// <summary>How many patients are held out, the same in every run.</summary>
    [JsonInclude] internal int HeldOutPatients { get; }
    [JsonInclude] internal int HeldOutImages { get; }

    /// <summary>SHA-256 over the names of the held-out images.</summary>
    [JsonInclude] internal string HeldOutDigest { get; }

    /// <summary>Optimizer steps of each stage, in every run.</summary>
    [JsonInclude] internal IReadOnlyList<int> Steps { get; }

    /// <summary>What makes its results say less than they could.</summary>
    public IReadOnlyList<string> Warnings { get; }
}

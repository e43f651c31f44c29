using System.Globalization;
using System.Text.Json.Serialization;
using Marrow.Training.Recipes;

namespace Marrow.Training.Experiments;

/// <summary>An amount of labels: a share of the training part's patients, or a number of them.</summary>
internal sealed record ExperimentShare
{
    [JsonConstructor]
    public ExperimentShare(int patients, double? fraction = null) => (Patients, Fraction) = (patients, fraction);

    /// <summary>
    /// The number of patients of the training part whose labels are used, which is the same for every seed.
    /// </summary>
    public int Patients { get; }

    /// <summary>The share of the patients, above 0 to 1; null when a number of patients was requested.</summary>
    public double? Fraction { get; }

    /// <summary>Describes the amount, such as "10 %" or "24 patients".</summary>
    public override string ToString() => Fraction is { } share
        ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.####} %")
        : Patients == 1 ? "1 patient" : string.Create(CultureInfo.InvariantCulture, $"{Patients} patients");

    /// <summary>The amount as a part of folder names, such as "f10" or "p24".</summary>
    [JsonIgnore]
    public string Slug =>
        Fraction is { } share
            ? string.Create(CultureInfo.InvariantCulture, $"f{share * 100:0.####}")
            : string.Create(CultureInfo.InvariantCulture, $"p{Patients}");
}

/// <summary>The weights with which a run begins.</summary>
internal sealed record ExperimentStart
{
    [JsonConstructor]
    public ExperimentStart(string name, string init, string digest) => (Name, Init, Digest) = (name, init, digest);

    /// <summary>
    /// The starting point as it was requested, such as "scratch", "matched:densenet-mini.cxr" or "densenet-mini.cxr".
    /// </summary>
    public string Name { get; }

    /// <summary>The value of init in the stage. A checkpoint of the hub is named with its digest.</summary>
    public string Init { get; }

    /// <summary>The digest of the checkpoint; "" for scratch.</summary>
    public string Digest { get; }

    public const string Scratch = "scratch";

    [JsonIgnore]
    public bool IsScratch => Name == Scratch;

    /// <summary>True when the weights are a checkpoint's own, and not only drawn with its statistics.</summary>
    [JsonIgnore]
    public bool IsCheckpoint => !IsScratch && !InitReference.IsMatched(Name);
}

/// <summary>One run of an experiment's recipe.</summary>
public sealed class ExperimentRun
{
    [JsonConstructor]
    internal ExperimentRun(
        int index, string name, string start, string method, ExperimentShare share, ulong seed,
        IReadOnlyList<string> overrides) =>
        (Index, Name, Start, Method, Share, Seed, Overrides) = (index, name, start, method, share, seed, overrides);

    /// <summary>The position in the plan, from 0.</summary>
    [JsonInclude] internal int Index { get; }

    /// <summary>The name of the run's folder in OUT/runs.</summary>
    [JsonInclude] internal string Name { get; }

    [JsonInclude] internal string Start { get; }

    [JsonInclude] internal string Method { get; }

    [JsonInclude] internal ExperimentShare Share { get; }

    [JsonInclude] internal ulong Seed { get; }

    /// <summary>The overrides of the recipe for this run, which follow those of the request.</summary>
    [JsonInclude] internal IReadOnlyList<string> Overrides { get; }

    /// <summary>Describes the run, such as "scratch, supervised, 10 %, seed 2".</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Start}, {Method}, {Share}, seed {Seed}");
}

/// <summary>The labels of the last stage that remain for one share and one seed.</summary>
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

    /// <summary>The number of images with each class or finding; empty for tasks without classes.</summary>
    public IReadOnlyDictionary<string, int> Positives { get; }
}

/// <summary>Everything that an experiment is going to do.</summary>
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

    /// <summary>The runs, ordered by seed, so that an interrupted experiment has whole curves.</summary>
    public IReadOnlyList<ExperimentRun> Runs { get; }

    /// <summary>The labels that remain for each share and each seed.</summary>
    [JsonInclude] internal IReadOnlyList<ExperimentSubset> Subsets { get; }

    /// <summary>The number of patients with labels in the training part.</summary>
    [JsonInclude] internal int TrainingPatients { get; }

    /// <summary>The number of patients who are held out, which are the same in every run.</summary>
    [JsonInclude] internal int HeldOutPatients { get; }
    [JsonInclude] internal int HeldOutImages { get; }

    /// <summary>The SHA-256 over the names of the held-out images.</summary>
    [JsonInclude] internal string HeldOutDigest { get; }

    /// <summary>
    /// True when copies of films are looked for as the recipe says; false for an experiment that was planned before
    /// there was such a search, whose data stays divided as it was.
    /// </summary>
    [JsonInclude] internal bool LooksForCopies { get; init; }

    /// <summary>The number of optimizer steps of each stage, which is the same in every run.</summary>
    [JsonInclude] internal IReadOnlyList<int> Steps { get; }

    /// <summary>Sentences that say what makes the results less reliable.</summary>
    public IReadOnlyList<string> Warnings { get; }
}

using System.Text.Json.Serialization;

namespace Marrow.Checkpoints.Transfer;

/// <summary>What became of one tensor in a warm start.</summary>
public enum TransferStatus
{
    /// <summary>The parameter was copied from the same key of the same shape.</summary>
    Copied,

    /// <summary>The first convolution, fitted to another number of input channels.</summary>
    Adapted,

    /// <summary>The parameter was copied from another key of the same shape.</summary>
    Remapped,

    /// <summary>Left as it was initialised.</summary>
    Random,
}

/// <summary>What became of one parameter or buffer of the target.</summary>
public sealed class TransferredTensor
{
    [JsonConstructor]
    internal TransferredTensor(
        string key, TransferStatus status, bool isParameter, bool inBackbone, long[] shape,
        string? sourceKey = null, long[]? sourceShape = null, string? reason = null) =>
        (
            Key, Status, IsParameter, InBackbone, Shape, SourceKey, SourceShape, Reason) = (
            key, status, isParameter, inBackbone, shape, sourceKey, sourceShape, reason);

    public string Key { get; }

    public TransferStatus Status { get; }

    /// <summary>False for a buffer, such as a running mean.</summary>
    [JsonInclude] internal bool IsParameter { get; }

    [JsonInclude] internal bool InBackbone { get; }

    [JsonInclude] internal long[] Shape { get; }

    /// <summary>Where it came from; null when random.</summary>
    public string? SourceKey { get; }

    /// <summary>Null when random for want of a source.</summary>
    [JsonInclude] internal long[]? SourceShape { get; }

    /// <summary>Why it is random or how it was adapted; null otherwise.</summary>
    public string? Reason { get; }

    /// <summary>The same parameter or buffer with another fate.</summary>
    internal TransferredTensor Become(
        TransferStatus status, string? sourceKey = null, long[]? sourceShape = null, string? reason = null) =>
        new(Key, status, IsParameter, InBackbone, Shape, sourceKey, sourceShape, reason);

    [JsonIgnore]
    internal long Elements => Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>Tensors of one module by status, and how many of its elements came from the source.</summary>
public sealed class TransferTotal
{
    [JsonConstructor]
    internal TransferTotal(
        string module, int copied, int adapted, int remapped, int random, long elements, long elementsFromSource) =>
        (
            Module, Copied, Adapted, Remapped, Random, Elements, ElementsFromSource) = (
            module, copied, adapted, remapped, random, elements, elementsFromSource);

    public string Module { get; }

    public int Copied { get; }

    public int Adapted { get; }

    public int Remapped { get; }

    public int Random { get; }

    [JsonInclude] internal long Elements { get; }

    [JsonInclude] internal long ElementsFromSource { get; }

    /// <summary>The share of the parameters, 0 to 1.</summary>
    [JsonIgnore]
    public double Share => Elements == 0 ? 0 : (double)ElementsFromSource / Elements;
}

/// <summary>The proof of a warm start: both backbones run on one random input.</summary>
public sealed class TransferProbe
{
    [JsonConstructor]
    internal TransferProbe(
        ulong seed, long[] inputShape, long activations, double maxAbsDifference, double maxAbsActivation,
        bool bitIdentical) =>
        (
            Seed, InputShape, Activations, MaxAbsDifference, MaxAbsActivation, BitIdentical) = (
            seed, inputShape, activations, maxAbsDifference, maxAbsActivation, bitIdentical);

    [JsonInclude] internal ulong Seed { get; }

    /// <summary>[N, 1, H, W], uniform in -2 to 2, repeated over the channels of each model.</summary>
    [JsonInclude] internal long[] InputShape { get; }

    /// <summary>Numbers compared.</summary>
    [JsonInclude] internal long Activations { get; }

    [JsonInclude] internal double MaxAbsDifference { get; }

    [JsonInclude] internal double MaxAbsActivation { get; }

    [JsonInclude] internal bool BitIdentical { get; }

    // Summing a first convolution's channels in another order moves its results by a few units in the last place.
    private const double Tolerance = 1e-4;

    /// <summary>True when no activation differs by more than 1e-4 of the largest.</summary>
    [JsonIgnore]
    public bool Holds => MaxAbsDifference <= Tolerance * MaxAbsActivation;
}

/// <summary>
/// The record of one warm start: every parameter and buffer of the target, with totals. Stored as receipt.json.
/// </summary>
public sealed class TransferReceipt
{
    [JsonConstructor]
    internal TransferReceipt(
        string source, string sourceDigest, string sourceArchitecture, string targetArchitecture,
        IReadOnlyList<PrefixRule> rules, double backboneCoverage, IReadOnlyList<TransferTotal> modules,
        TransferTotal total, IReadOnlyList<TransferredTensor> tensors, IReadOnlyList<string> unusedSourceKeys) =>
        (
            Source, SourceDigest, SourceArchitecture, TargetArchitecture, Rules, BackboneCoverage, Modules, Total,
            Tensors, UnusedSourceKeys) = (
            source, sourceDigest, sourceArchitecture, targetArchitecture, rules, backboneCoverage, modules, total,
            tensors, unusedSourceKeys);

    /// <summary>The checkpoint's name, or the file.</summary>
    public string Source { get; }

    /// <summary>"sha256:..." of the checkpoint; "" for weights that never were one.</summary>
    public string SourceDigest { get; }

    /// <summary>"" when unknown.</summary>
    [JsonInclude] internal string SourceArchitecture { get; }

    /// <summary>See <see cref="Marrow.Tasks.ModelSpec.Architecture"/>.</summary>
    [JsonInclude] internal string TargetArchitecture { get; }

    /// <summary>Source prefix -> target prefix, in the order tried.</summary>
    [JsonInclude] internal IReadOnlyList<PrefixRule> Rules { get; }

    /// <summary>Share (0 to 1) of the elements of the backbone's parameters that came from the source.</summary>
    public double BackboneCoverage { get; }

    /// <summary>The modules, in the order of the target.</summary>
    public IReadOnlyList<TransferTotal> Modules { get; }

    /// <summary>Over all tensors, buffers too.</summary>
    public TransferTotal Total { get; }

    /// <summary>Null until the activations were compared.</summary>
    [JsonInclude] public TransferProbe? Probe { get; internal init; }

    /// <summary>Every parameter and buffer of the target, in its order.</summary>
    public IReadOnlyList<TransferredTensor> Tensors { get; }

    /// <summary>Keys of the source that nothing was taken from.</summary>
    public IReadOnlyList<string> UnusedSourceKeys { get; }

    /// <summary>What came from the source, module by module; its document has the totals, not every tensor.</summary>
    [JsonIgnore]
    public TextReport Report => new(
        new { Source, SourceDigest, BackboneCoverage, Modules, Total, Probe },
        TransferTable.Of(this, $"warm start from {Source}"));

    /// <summary>A row a module and the total, for printing.</summary>
    internal IReadOnlyList<TransferTotal> Table() => [.. Modules, Total];

    /// <summary>The same with the activations compared.</summary>
    internal TransferReceipt With(TransferProbe probe) => With(probe, BackboneCoverage, Modules, Total, Tensors);

    /// <summary>The same of a model whose tensors were changed after the warm start.</summary>
    internal TransferReceipt With(
        double backboneCoverage, IReadOnlyList<TransferTotal> modules, TransferTotal total,
        IReadOnlyList<TransferredTensor> tensors) => With(Probe, backboneCoverage, modules, total, tensors);

    private TransferReceipt With(
        TransferProbe? probe, double backboneCoverage, IReadOnlyList<TransferTotal> modules, TransferTotal total,
        IReadOnlyList<TransferredTensor> tensors) => new(
            Source, SourceDigest, SourceArchitecture, TargetArchitecture, Rules, backboneCoverage, modules, total,
            tensors, UnusedSourceKeys)
        {
            Probe = probe,
        };
}

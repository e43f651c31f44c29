using System.Text.Json.Serialization;

namespace Marrow.Checkpoints.Transfer;

/// <summary>Says what a warm start did with one tensor.</summary>
public enum TransferStatus
{
    /// <summary>The parameter was copied from the same key of the same shape.</summary>
    Copied,

    /// <summary>
    /// The parameter is that of the first convolution, and was fitted to another number of input channels.
    /// </summary>
    Adapted,

    /// <summary>The parameter was copied from another key of the same shape.</summary>
    Remapped,

    /// <summary>The tensor kept its initial values.</summary>
    Random,
}

/// <summary>Records what a warm start did with one parameter or buffer of the target.</summary>
public sealed class TransferredTensor
{
    [JsonConstructor]
    internal TransferredTensor(
        string key, TransferStatus status, bool isParameter, bool inBackbone, long[] shape,
        string? sourceKey = null, long[]? sourceShape = null, string? reason = null) =>
        (
            Key, Status, IsParameter, InBackbone, Shape, SourceKey, SourceShape, Reason) = (
            key, status, isParameter, inBackbone, shape, sourceKey, sourceShape, reason);

    /// <summary>The tensor's key in the target.</summary>
    public string Key { get; }

    /// <summary>What the warm start did with the tensor.</summary>
    public TransferStatus Status { get; }

    /// <summary>True for a parameter, false for a buffer such as a running mean.</summary>
    [JsonInclude] internal bool IsParameter { get; }

    [JsonInclude] internal bool InBackbone { get; }

    [JsonInclude] internal long[] Shape { get; }

    /// <summary>The key in the source from which the tensor was taken; null when it kept its initial values.</summary>
    public string? SourceKey { get; }

    /// <summary>The shape in the source; null when the source has no matching tensor.</summary>
    [JsonInclude] internal long[]? SourceShape { get; }

    /// <summary>The reason why the tensor kept its initial values, or how it was adapted; null otherwise.</summary>
    public string? Reason { get; }

    /// <summary>Returns the record of the same tensor with another outcome.</summary>
    internal TransferredTensor Become(
        TransferStatus status, string? sourceKey = null, long[]? sourceShape = null, string? reason = null) =>
        new(Key, status, IsParameter, InBackbone, Shape, sourceKey, sourceShape, reason);

    [JsonIgnore]
    internal long Elements => Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>
/// Counts the tensors of one module by status, and says how many of their elements came from the source.
/// </summary>
public sealed class TransferTotal
{
    [JsonConstructor]
    internal TransferTotal(
        string module, int copied, int adapted, int remapped, int random, long elements, long elementsFromSource) =>
        (
            Module, Copied, Adapted, Remapped, Random, Elements, ElementsFromSource) = (
            module, copied, adapted, remapped, random, elements, elementsFromSource);

    /// <summary>The module's name in the target.</summary>
    public string Module { get; }

    /// <summary>The number of tensors with the status <see cref="TransferStatus.Copied"/>.</summary>
    public int Copied { get; }

    /// <summary>The number of tensors with the status <see cref="TransferStatus.Adapted"/>.</summary>
    public int Adapted { get; }

    /// <summary>The number of tensors with the status <see cref="TransferStatus.Remapped"/>.</summary>
    public int Remapped { get; }

    /// <summary>The number of tensors with the status <see cref="TransferStatus.Random"/>.</summary>
    public int Random { get; }

    [JsonInclude] internal long Elements { get; }

    [JsonInclude] internal long ElementsFromSource { get; }

    /// <summary>The share of the elements that came from the source, 0 to 1.</summary>
    [JsonIgnore]
    public double Share => Elements == 0 ? 0 : (double)ElementsFromSource / Elements;
}

/// <summary>The test of a warm start: both backbones compute their activations from one random input.</summary>
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

    /// <summary>
    /// The shape of the input, [N, 1, H, W]. Its values are uniform in -2 to 2 and repeated over the channels of each
    /// model.
    /// </summary>
    [JsonInclude] internal long[] InputShape { get; }

    /// <summary>The number of activations that were compared.</summary>
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
/// The record of one warm start, stored as receipt.json: what happened to every parameter and buffer of the target,
/// with totals.
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

    /// <summary>The name of the source checkpoint, or the path of the source file.</summary>
    public string Source { get; }

    /// <summary>The digest of the source checkpoint, "sha256:..."; "" for weights that are not a checkpoint.</summary>
    public string SourceDigest { get; }

    /// <summary>The source's architecture; "" when it is unknown.</summary>
    [JsonInclude] internal string SourceArchitecture { get; }

    /// <summary>The target's architecture; see <see cref="Marrow.Tasks.ModelSpec.Architecture"/>.</summary>
    [JsonInclude] internal string TargetArchitecture { get; }

    /// <summary>
    /// The rules that replace a prefix of the source's keys by one of the target's, in the order in which they were
    /// tried.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<PrefixRule> Rules { get; }

    /// <summary>The share of the elements of the backbone's parameters that came from the source, 0 to 1.</summary>
    public double BackboneCoverage { get; }

    /// <summary>The totals of each module, in the order of the target.</summary>
    public IReadOnlyList<TransferTotal> Modules { get; }

    /// <summary>The totals over all tensors, including buffers.</summary>
    public TransferTotal Total { get; }

    /// <summary>The comparison of activations; null before it was made.</summary>
    [JsonInclude] public TransferProbe? Probe { get; internal init; }

    /// <summary>What happened to every parameter and buffer of the target, in its order.</summary>
    public IReadOnlyList<TransferredTensor> Tensors { get; }

    /// <summary>The keys of the source from which nothing was taken.</summary>
    public IReadOnlyList<string> UnusedSourceKeys { get; }

    /// <summary>
    /// Says which weights of the source's file were not read, for errors; "" when all were, and in a receipt from a
    /// file.
    /// </summary>
    internal string AboutOthers { get; init; } = "";

    /// <summary>
    /// A report of what came from the source, module by module. Its JSON document has the totals but not every tensor.
    /// </summary>
    [JsonIgnore]
    public TextReport Report => new(
        new { Source, SourceDigest, BackboneCoverage, Modules, Total, Probe },
        TransferTable.Of(this, $"warm start from {Source}"));

    /// <summary>Returns one row for each module and a last one with the total, for printing.</summary>
    internal IReadOnlyList<TransferTotal> Table() => [.. Modules, Total];

    /// <summary>Returns the receipt with the comparison of activations.</summary>
    internal TransferReceipt With(TransferProbe probe) => With(probe, BackboneCoverage, Modules, Total, Tensors);

    /// <summary>Returns the receipt of a model whose tensors were changed after the warm start.</summary>
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
            AboutOthers = AboutOthers,
        };
}

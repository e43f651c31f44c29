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
/// <param name="IsParameter">False for a buffer, such as a running mean.</param>
/// <param name="SourceKey">Where it came from; null when random.</param>
/// <param name="SourceShape">Null when random for want of a source.</param>
/// <param name="Reason">Why it is random or how it was adapted; null otherwise.</param>
public sealed record TransferredTensor(
    string Key, TransferStatus Status, bool IsParameter, bool InBackbone, long[] Shape, string? SourceKey = null, long[]? SourceShape = null, string? Reason = null)
{
    [JsonIgnore]
    public long Elements => Shape.Aggregate(1L, (a, b) => a * b);
}

/// <summary>Tensors of one module by status, and how many of its elements came from the source.</summary>
public sealed record TransferTotal(string Module, int Copied, int Adapted, int Remapped, int Random, long Elements, long ElementsFromSource)
{
    /// <summary>The share of the parameters, 0 to 1.</summary>
    [JsonIgnore]
    public double Share => Elements == 0 ? 0 : (double)ElementsFromSource / Elements;
}

/// <summary>The proof of a warm start: both backbones run on one random input.</summary>
/// <param name="InputShape">[N, 1, H, W], uniform in -2 to 2, repeated over the channels of each model.</param>
/// <param name="Activations">Numbers compared.</param>
public sealed record TransferProbe(ulong Seed, long[] InputShape, long Activations, double MaxAbsDifference, double MaxAbsActivation, bool BitIdentical)
{
    // Summing a first convolution's channels in another order moves its results by a few units in the last place.
    private const double Tolerance = 1e-4;

    /// <summary>True when no activation differs by more than 1e-4 of the largest.</summary>
    [JsonIgnore]
    public bool Holds => MaxAbsDifference <= Tolerance * MaxAbsActivation;
}

/// <summary>The record of one warm start: every parameter and buffer of the target, with totals. Stored as receipt.json.</summary>
public sealed record TransferReceipt
{
    /// <summary>The checkpoint's name, or the file.</summary>
    public required string Source { get; init; }

    /// <summary>"sha256:..." of the checkpoint; "" for weights that never were one.</summary>
    public required string SourceDigest { get; init; }

    /// <summary>"" when unknown.</summary>
    public required string SourceArchitecture { get; init; }

    /// <summary>See <see cref="Marrow.Tasks.ModelSpec.Architecture"/>.</summary>
    public required string TargetArchitecture { get; init; }

    /// <summary>Source prefix -> target prefix, in the order tried.</summary>
    public required IReadOnlyList<PrefixRule> Rules { get; init; }

    /// <summary>Share (0 to 1) of the elements of the backbone's parameters that came from the source.</summary>
    public required double BackboneCoverage { get; init; }

    /// <summary>The modules, in the order of the target.</summary>
    public required IReadOnlyList<TransferTotal> Modules { get; init; }

    /// <summary>Over all tensors, buffers too.</summary>
    public required TransferTotal Total { get; init; }

    /// <summary>Null until the activations were compared.</summary>
    public TransferProbe? Probe { get; init; }

    /// <summary>Every parameter and buffer of the target, in its order.</summary>
    public required IReadOnlyList<TransferredTensor> Tensors { get; init; }

    /// <summary>Keys of the source that nothing was taken from.</summary>
    public required IReadOnlyList<string> UnusedSourceKeys { get; init; }

    /// <summary>A row a module and the total, for printing.</summary>
    public IReadOnlyList<TransferTotal> Table() => [.. Modules, Total];
}

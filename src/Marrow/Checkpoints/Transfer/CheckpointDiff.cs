using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using TorchSharp;

namespace Marrow.Checkpoints.Transfer;

/// <summary>What a tensor is, told from the last part of its key.</summary>
public enum TensorRole
{
    /// <summary>The tensor is learnt, as a weight or a bias.</summary>
    Weight,

    /// <summary>Running mean or variance of a batch norm: follows the data, not the gradient.</summary>
    Statistic,

    /// <summary>Not of floating-point numbers, as a count of batches; left out of all sums.</summary>
    Counter,
}

/// <summary>A tensor that both have, with the same shape.</summary>
public sealed class TensorChange
{
    internal TensorChange(
        string keyA, string keyB, string module, TensorRole role, long[] shape, double normA, double normOfChange) =>
        (KeyA, KeyB, Module, Role, Shape, NormA, NormOfChange) = (keyA, keyB, module, role, shape, normA, normOfChange);

    [JsonInclude] internal string KeyA { get; }

    public string KeyB { get; }

    /// <summary>Of b, as the receipt of a warm start names modules.</summary>
    [JsonInclude] internal string Module { get; }

    public TensorRole Role { get; }

    public long[] Shape { get; }

    /// <summary>Euclidean norm of all its numbers in a.</summary>
    [JsonInclude] internal double NormA { get; }

    /// <summary>Of b - a.</summary>
    public double NormOfChange { get; }

    /// <summary>||b - a|| / ||a||: 0 when equal, infinite where a is all zeros and b is not.</summary>
    public double Relative => CheckpointDiff.Ratio(NormOfChange, NormA);
}

/// <summary>The same over all tensors of a module together.</summary>
public sealed class ModuleChange
{
    internal ModuleChange(string module, int tensors, long elements, double? weights, double? statistics) =>
        (Module, Tensors, Elements, Weights, Statistics) = (module, tensors, elements, weights, statistics);

    /// <summary>As b names it.</summary>
    public string Module { get; }

    public int Tensors { get; }

    public long Elements { get; }

    /// <summary>||b - a|| / ||a|| of what is learnt; null when nothing is.</summary>
    public double? Weights { get; }

    /// <summary>The same of running means and variances; null when there are none.</summary>
    public double? Statistics { get; }
}

/// <summary>A tensor that both have under keys that match, with other shapes.</summary>
public sealed class ShapeChange
{
    internal ShapeChange(string keyA, long[] shapeA, string keyB, long[] shapeB) =>
        (KeyA, ShapeA, KeyB, ShapeB) = (keyA, shapeA, keyB, shapeB);

    [JsonInclude] internal string KeyA { get; }

    public long[] ShapeA { get; }

    public string KeyB { get; }

    public long[] ShapeB { get; }
}

/// <summary>
/// How far the weights of one checkpoint lie from another's, to see what fine-tuning touched. Tensors are matched by
/// their keys, those of the backbones by what follows the backbone's prefix: "features.conv0.weight" of a classifier is
/// "backbone.body.conv0.weight" of a detector.
/// </summary>
public sealed class CheckpointDiff
{
    internal CheckpointDiff(
        string a, string b, PrefixRule? backbone, IReadOnlyList<ModuleChange> modules,
        IReadOnlyList<TensorChange> tensors, IReadOnlyList<ShapeChange> otherShapes, IReadOnlyList<string> onlyInA,
        IReadOnlyList<string> onlyInB) =>
        (
            A, B, Backbone, Modules, Tensors, OtherShapes, OnlyInA, OnlyInB) = (
            a, b, backbone, modules, tensors, otherShapes, onlyInA, onlyInB);

    internal string A { get; }
    internal string B { get; }

    /// <summary>
    /// Prefix of the backbone's keys in a (From) and in b (To); null when keys are compared as they stand.
    /// </summary>
    public PrefixRule? Backbone { get; }

    /// <summary>The modules, in the order of b.</summary>
    public IReadOnlyList<ModuleChange> Modules { get; }

    /// <summary>All that are compared, in b's order.</summary>
    public IReadOnlyList<TensorChange> Tensors { get; }

    public IReadOnlyList<ShapeChange> OtherShapes { get; }

    /// <summary>The keys that one of the two alone has.</summary>
    public IReadOnlyList<string> OnlyInA { get; }
    public IReadOnlyList<string> OnlyInB { get; }

    /// <summary>True when both have the same tensors with the same numbers.</summary>
    [JsonIgnore]
    public bool AreEqual =>
        OtherShapes.Count + OnlyInA.Count + OnlyInB.Count == 0 && Tensors.All(t => t.NormOfChange == 0);

    /// <summary>
    /// Reads one tensor of each at a time. Throws <see cref="MarrowException"/> when a file can't be read.
    /// </summary>
    public static CheckpointDiff Between(WeightSource a, WeightSource b)
    {
        var backbone = Backbones(a, b);
        var shapesA = a.Shapes.ToDictionary(StringComparer.Ordinal);
        var changes = new List<TensorChange>();
        var (otherShapes, onlyInB, matched) = (
            new List<ShapeChange>(),
            new List<string>(),
            new HashSet<string>(StringComparer.Ordinal));
        foreach (var (keyB, shape) in b.Shapes)
        {
            var keyA =
                backbone is not null && keyB.StartsWith(backbone.To, StringComparison.Ordinal)
                    ? backbone.From + keyB[backbone.To.Length..]
                    : keyB;
            if (!shapesA.TryGetValue(keyA, out var shapeA) || !matched.Add(keyA))
                onlyInB.Add(keyB);
            else if (!shape.AsSpan().SequenceEqual(shapeA))
                otherShapes.Add(new(keyA, shapeA, keyB, shape));
            else
                changes.Add(Compare(a, keyA, b, keyB, BackboneKeys.ModuleOf(keyB, backbone?.To), shape));
        }
        return new(
            a: a.Name,
            b: b.Name,
            backbone: backbone,
            modules: [.. changes.GroupBy(c => c.Module).Select(Total)],
            tensors: changes,
            otherShapes: otherShapes,
            onlyInA: [.. a.Shapes.Select(s => s.Key).Where(k => !matched.Contains(k))],
            onlyInB: onlyInB);
    }

    internal static double Ratio(double change, double norm) => change == 0 ? 0 : change / norm;

    /// <summary>
    /// Where one side's backbone is unknown it is found by the other's keys; where both are, keys are compared as they
    /// stand.
    /// </summary>
    private static PrefixRule? Backbones(WeightSource a, WeightSource b)
    {
        if (b.BackbonePrefix is { } inB && b.Shapes.Any(s => s.Key.StartsWith(inB, StringComparison.Ordinal)))
            return BackboneKeys.Rule(a, b.Shapes.Select(s => s.Key), inB);
        if (a.BackbonePrefix is { } inA && a.Shapes.Any(s => s.Key.StartsWith(inA, StringComparison.Ordinal)))
        {
            var rule = BackboneKeys.Rule(b, a.Shapes.Select(s => s.Key), inA);
            return new(rule.To, rule.From);
        }
        return null;
    }

    private static TensorChange Compare(
        WeightSource a,
        string keyA,
        WeightSource b,
        string keyB,
        string module,
        long[] shape)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        var (left, right) = (a.Read(keyA), b.Read(keyB));
        var leaf = keyB[(keyB.LastIndexOf('.') + 1)..];
        var role = !torch.is_floating_point(left) || !torch.is_floating_point(right) ? TensorRole.Counter
            : leaf is "running_mean" or "running_var" ? TensorRole.Statistic : TensorRole.Weight;
        var x = Numbers(left);
        var y = Numbers(right);
        var (norm, change) = (0.0, 0.0);
        for (var i = 0; i < x.Length; i++)
        {
            norm += x[i] * x[i];
            change += (y[i] - x[i]) * (y[i] - x[i]);
        }
        return new(keyA, keyB, module, role, shape, Math.Sqrt(norm), Math.Sqrt(change));
    }

    private static ReadOnlySpan<double> Numbers(torch.Tensor tensor) =>
        MemoryMarshal.Cast<byte, double>(tensor.cpu().to(torch.ScalarType.Float64).contiguous().bytes);

    private static ModuleChange Total(IGrouping<string, TensorChange> module)
    {
        return new(
            module.Key,
            module.Count(),
            module.Sum(c => c.Shape.Aggregate(1L, (x, y) => x * y)),
            Together(TensorRole.Weight),
            Together(TensorRole.Statistic));

        double? Together(TensorRole role) =>
            module.Any(c => c.Role == role)
                ? Ratio(
                    Norm(module.Where(c => c.Role == role).Select(c => c.NormOfChange)),
                    Norm(module.Where(c => c.Role == role).Select(c => c.NormA)))
                : null;

        static double Norm(IEnumerable<double> parts) => Math.Sqrt(parts.Sum(p => p * p));
    }
}

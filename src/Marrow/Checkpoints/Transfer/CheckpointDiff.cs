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
/// <param name="Module">Of b, as the receipt of a warm start names modules.</param>
/// <param name="NormA">Euclidean norm of all its numbers in a.</param>
/// <param name="NormOfChange">Of b - a.</param>
public sealed record TensorChange(string KeyA, string KeyB, string Module, TensorRole Role, long[] Shape, double NormA, double NormOfChange)
{
    /// <summary>||b - a|| / ||a||: 0 when equal, infinite where a is all zeros and b is not.</summary>
    public double Relative => CheckpointDiff.Ratio(NormOfChange, NormA);
}

/// <summary>The same over all tensors of a module together.</summary>
/// <param name="Module">As b names it.</param>
/// <param name="Weights">||b - a|| / ||a|| of what is learnt; null when nothing is.</param>
/// <param name="Statistics">The same of running means and variances; null when there are none.</param>
public sealed record ModuleChange(string Module, int Tensors, long Elements, double? Weights, double? Statistics);

/// <summary>A tensor that both have under keys that match, with other shapes.</summary>
public sealed record ShapeChange(string KeyA, long[] ShapeA, string KeyB, long[] ShapeB);

/// <summary>
/// How far the weights of one checkpoint lie from another's, to see what fine-tuning touched. Tensors are matched by
/// their keys, those of the backbones by what follows the backbone's prefix: "features.conv0.weight" of a classifier is
/// "backbone.body.conv0.weight" of a detector.
/// </summary>
public sealed record CheckpointDiff
{
    public required string A { get; init; }
    public required string B { get; init; }

    /// <summary>Prefix of the backbone's keys in a (From) and in b (To); null when keys are compared as they stand.</summary>
    public required PrefixRule? Backbone { get; init; }

    /// <summary>The modules, in the order of b.</summary>
    public required IReadOnlyList<ModuleChange> Modules { get; init; }

    /// <summary>All that are compared, in b's order.</summary>
    public required IReadOnlyList<TensorChange> Tensors { get; init; }

    public required IReadOnlyList<ShapeChange> OtherShapes { get; init; }

    /// <summary>The keys that one of the two alone has.</summary>
    public required IReadOnlyList<string> OnlyInA { get; init; }
    public required IReadOnlyList<string> OnlyInB { get; init; }

    /// <summary>True when both have the same tensors with the same numbers.</summary>
    [JsonIgnore]
    public bool AreEqual => OtherShapes.Count + OnlyInA.Count + OnlyInB.Count == 0 && Tensors.All(t => t.NormOfChange == 0);

    /// <summary>Reads one tensor of each at a time. Throws <see cref="MarrowException"/> when a file can't be read.</summary>
    public static CheckpointDiff Between(WeightSource a, WeightSource b)
    {
        var backbone = Backbones(a, b);
        var shapesA = a.Shapes.ToDictionary(StringComparer.Ordinal);
        var changes = new List<TensorChange>();
        var (otherShapes, onlyInB, matched) = (new List<ShapeChange>(), new List<string>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var (keyB, shape) in b.Shapes)
        {
            var keyA = backbone is not null && keyB.StartsWith(backbone.To, StringComparison.Ordinal) ? backbone.From + keyB[backbone.To.Length..] : keyB;
            if (!shapesA.TryGetValue(keyA, out var shapeA) || !matched.Add(keyA))
                onlyInB.Add(keyB);
            else if (!shape.AsSpan().SequenceEqual(shapeA))
                otherShapes.Add(new(keyA, shapeA, keyB, shape));
            else
                changes.Add(Compare(a, keyA, b, keyB, BackboneKeys.ModuleOf(keyB, backbone?.To), shape));
        }
        return new()
        {
            A = a.Name,
            B = b.Name,
            Backbone = backbone,
            Modules = [.. changes.GroupBy(c => c.Module).Select(Total)],
            Tensors = changes,
            OtherShapes = otherShapes,
            OnlyInA = [.. a.Shapes.Select(s => s.Key).Where(k => !matched.Contains(k))],
            OnlyInB = onlyInB,
        };
    }

    internal static double Ratio(double change, double norm) => change == 0 ? 0 : change / norm;

    /// <summary>Where one side's backbone is unknown it is found by the other's keys; where both are, keys are compared as they stand.</summary>
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

    private static TensorChange Compare(WeightSource a, string keyA, WeightSource b, string keyB, string module, long[] shape)
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
        return new(module.Key, module.Count(), module.Sum(c => c.Shape.Aggregate(1L, (x, y) => x * y)), Together(TensorRole.Weight), Together(TensorRole.Statistic));

        double? Together(TensorRole role) => module.Any(c => c.Role == role)
            ? Ratio(Norm(module.Where(c => c.Role == role).Select(c => c.NormOfChange)), Norm(module.Where(c => c.Role == role).Select(c => c.NormA)))
            : null;

        static double Norm(IEnumerable<double> parts) => Math.Sqrt(parts.Sum(p => p * p));
    }
}

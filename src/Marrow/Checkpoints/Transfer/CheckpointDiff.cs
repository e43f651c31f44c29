using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using TorchSharp;

namespace Marrow.Checkpoints.Transfer;

/// <summary>The part that a tensor plays in a model, as the last part of its key shows.</summary>
internal enum TensorRole
{
    /// <summary>The tensor is learnt, as a weight or a bias.</summary>
    Weight,

    /// <summary>A running mean or variance of a batch norm, which follows the data and not the gradient.</summary>
    Statistic,

    /// <summary>
    /// A tensor that does not hold floating-point numbers, such as a count of batches. It is left out of all sums.
    /// </summary>
    Counter,
}

/// <summary>The change of a tensor that both checkpoints have with the same shape.</summary>
internal sealed class TensorChange
{
    internal TensorChange(
        string keyA, string keyB, string module, TensorRole role, long[] shape, double normA, double normOfChange) =>
        (KeyA, KeyB, Module, Role, Shape, NormA, NormOfChange) = (keyA, keyB, module, role, shape, normA, normOfChange);

    public string KeyA { get; }

    public string KeyB { get; }

    /// <summary>The name of the module in b, written as in the receipt of a warm start.</summary>
    public string Module { get; }

    public TensorRole Role { get; }

    public long[] Shape { get; }

    /// <summary>The Euclidean norm of the tensor in a.</summary>
    public double NormA { get; }

    /// <summary>The Euclidean norm of the difference b - a.</summary>
    public double NormOfChange { get; }

    /// <summary>
    /// The relative change ||b - a|| / ||a||: 0 when both are equal, infinite when a is all zeros and b is not.
    /// </summary>
    public double Relative => CheckpointDiff.Ratio(NormOfChange, NormA);
}

/// <summary>The change of one module, over all its tensors together.</summary>
public sealed class ModuleChange
{
    internal ModuleChange(string module, int tensors, long elements, double? weights, double? statistics) =>
        (Module, Tensors, Elements, Weights, Statistics) = (module, tensors, elements, weights, statistics);

    /// <summary>The module's name in b.</summary>
    public string Module { get; }

    [JsonInclude] internal int Tensors { get; }

    [JsonInclude] internal long Elements { get; }

    /// <summary>
    /// The relative change ||b - a|| / ||a|| of the weights and biases; null when the module has none.
    /// </summary>
    public double? Weights { get; }

    /// <summary>
    /// The relative change ||b - a|| / ||a|| of running means and variances; null when the module has none.
    /// </summary>
    public double? Statistics { get; }
}

/// <summary>A tensor that both checkpoints have under matching keys but with different shapes.</summary>
internal sealed class ShapeChange
{
    internal ShapeChange(string keyA, long[] shapeA, string keyB, long[] shapeB) =>
        (KeyA, ShapeA, KeyB, ShapeB) = (keyA, shapeA, keyB, shapeB);

    public string KeyA { get; }

    public long[] ShapeA { get; }

    public string KeyB { get; }

    public long[] ShapeB { get; }
}

/// <summary>
/// Measures how far the weights of one checkpoint are from another's, which shows what fine-tuning has changed. Tensors
/// are matched by their keys. Keys of backbones are compared without the backbone's prefix: "features.conv0.weight" of
/// a classifier is "backbone.body.conv0.weight" of a detector.
/// </summary>
public sealed class CheckpointDiff
{
    private CheckpointDiff(WeightSource a, WeightSource b) => (A, B) = ((a.Name, a.Digest), (b.Name, b.Digest));

    internal (string Name, string Digest) A { get; }
    internal (string Name, string Digest) B { get; }

    /// <summary>
    /// The prefixes of the backbone's keys in a (From) and in b (To); null when keys are compared unchanged.
    /// </summary>
    internal PrefixRule? Backbone { get; private init; }

    /// <summary>The change of each module, in the order of b.</summary>
    public IReadOnlyList<ModuleChange> Modules { get; private init; } = [];

    /// <summary>The change of each tensor that was compared, in the order of b.</summary>
    internal IReadOnlyList<TensorChange> Tensors { get; private init; } = [];

    internal IReadOnlyList<ShapeChange> OtherShapes { get; private init; } = [];

    /// <summary>The keys of tensors that only a has.</summary>
    internal IReadOnlyList<string> OnlyInA { get; private init; } = [];
    internal IReadOnlyList<string> OnlyInB { get; private init; } = [];

    /// <summary>Says how similarly both models see images, or why that was not compared.</summary>
    internal SeenAlike Activations { get; private set; } = SeenAlike.NotAskedFor;

    /// <summary>True when both have the same tensors with the same numbers.</summary>
    public bool AreEqual =>
        OtherShapes.Count + OnlyInA.Count + OnlyInB.Count == 0 && Tensors.All(t => t.NormOfChange == 0);

    /// <summary>
    /// A report as "hub diff" prints it: the modules, the matrices that changed most, and the stages.
    /// </summary>
    public TextReport Report => CheckpointDiffReport.Of(this);

    /// <summary>
    /// Compares the weights of two checkpoints and, on a number of images, the activations of their models; see
    /// <see cref="ActivationDiff"/>. When a model can't be built only the weights are compared, and the report says so.
    /// Throws <see cref="MarrowException"/> when a file can't be read, and when <paramref name="images"/> is 1 to 3.
    /// </summary>
    /// <param name="images">The number of images; 0 compares only the weights.</param>
    /// <param name="imageFolder">
    /// The folder of the images, which are picked at even distances in the order of their names; null for synthetic
    /// images.
    /// </param>
    /// <param name="progress">Called after each image.</param>
    public static CheckpointDiff Between(
        Checkpoint a, Checkpoint b, int images = 0, string? imageFolder = null, Action<Progress>? progress = null,
        CancellationToken cancellation = default)
    {
        var diff = Between(WeightSource.Of(a), WeightSource.Of(b));
        diff.Activations = SeenAlike.Of(a, b, imageFolder, images, progress, cancellation);
        return diff;
    }

    /// <summary>Compares only the weights. Reads one tensor of each checkpoint at a time.</summary>
    internal static CheckpointDiff Between(WeightSource a, WeightSource b)
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
        return new(a, b)
        {
            Backbone = backbone,
            Modules = [.. changes.GroupBy(c => c.Module).Select(Total)],
            Tensors = changes,
            OtherShapes = otherShapes,
            OnlyInA = [.. a.Shapes.Select(s => s.Key).Where(k => !matched.Contains(k))],
            OnlyInB = onlyInB,
        };
    }

    internal static double Ratio(double change, double norm) => change == 0 ? 0 : change / norm;

    /// <summary>
    /// Finds the prefixes of both backbones. An unknown one is found by the keys of the other; when both are unknown,
    /// keys are compared unchanged.
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

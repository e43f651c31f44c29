using Marrow.Weights;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints;

/// <summary>
/// Writes all weights of a model to a file and reads them back. Loading requires each key exactly once and with its
/// shape, since load_state_dict compares no shapes and would silently load tensors that can be broadcast.
/// </summary>
internal static class ModelWeights
{
    private const int NamedKeys = 5; // in an error; the rest is counted

    /// <summary>
    /// Returns parameters and buffers by their state-dict keys, in the model's order, without copying them.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, torch.Tensor>> Of(Module model) => [.. model.state_dict()];

    /// <summary>
    /// Rounds the weights in place to what a checkpoint keeps of them. What is chosen for a model and measured with it
    /// after this holds for those who load the checkpoint.
    /// </summary>
    public static void RoundAsStored(Module model)
    {
        using var noGradients = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        foreach (var (_, tensor) in model.state_dict())
        {
            if (Safetensors.StoredType(tensor, CheckpointDraft.UsualMatrices) is var type && type != tensor.dtype)
                tensor.copy_(tensor.to(type));
        }
    }

    /// <summary>
    /// Copies every tensor of <paramref name="weights"/> into the model, converted to the model's types. Throws
    /// <see cref="MarrowException"/>, having changed nothing, when a key is missing, left over or of another shape.
    /// </summary>
    internal static void LoadExactly(Module model, WeightFile weights)
    {
        var state = model.state_dict();
        var shapes = weights.Entries.ToDictionary(e => e.Name, e => e.Shape, StringComparer.Ordinal);
        var faults = state.Keys.Where(k => !shapes.ContainsKey(k)).Select(k => $"'{k}' is missing")
            .Concat(shapes.Keys.Where(k => !state.ContainsKey(k)).Select(k => $"'{k}' is unknown to the model"))
            .Concat(state.Select(s => (s.Key, Found: shapes.GetValueOrDefault(s.Key), Expected: s.Value.shape))
                .Where(s => s.Found is not null && !s.Found.AsSpan().SequenceEqual(s.Expected))
                .Select(s => $"'{s.Key}' is {ShapeText.Of(s.Found!)} instead of {ShapeText.Of(s.Expected)}"))
            .ToList();
        if (faults.Count > 0)
        {
            var more = faults.Count > NamedKeys ? $"; and {faults.Count - NamedKeys} more" : "";
            throw MarrowException.Bad(
                weights.Path,
                $"the weights of a {model.GetName()}",
                string.Join("; ", faults.Take(NamedKeys)) + more,
                "To take over only what fits, warm-start from the file instead.");
        }
        foreach (var (name, target) in state)
            weights.ReadInto(name, target);
    }
}

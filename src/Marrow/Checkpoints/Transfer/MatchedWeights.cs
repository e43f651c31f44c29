using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Imaging;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// Random weights that keep a network's scales and nothing it has learnt (the "Mean Var" initialisation of Raghu et al.
/// 2019, section 4.1): each convolution is drawn normal with the mean and standard deviation of the layer's own
/// weights, the weights and biases of each norm are its own in a random order. The control of a warm start: what it
/// keeps of a start's gain was scale, not knowledge.
/// </summary>
internal static class MatchedWeights
{
    /// <summary>The values of a norm's buffers before its first batch.</summary>
    private static readonly (string Buffer, bool IsOne)[] AtFirst =
    [
        ("running_mean", false),
        ("running_var", true),
        ("num_batches_tracked", false),
    ];

    /// <summary>Draws parameters for a backbone with the same statistics as those of the source.</summary>
    public static void Draw(Backbone source, Backbone target, ulong seed)
    {
        using var noGrad = no_grad();
        var targets = target.named_parameters().ToDictionary(p => p.name, p => p.parameter, StringComparer.Ordinal);
        Redraw(source.named_parameters().Select(p => (p.name, (Tensor)p.parameter, (Tensor)targets[p.name])), seed);
    }

    /// <summary>
    /// Replaces what a warm start has taken over by new draws. Parameters are drawn by their statistics. Running
    /// statistics of norms get their initial values, since the activations they describe no longer exist. Returns a
    /// receipt in which nothing was copied.
    /// </summary>
    public static TransferReceipt Redraw(Module model, TransferReceipt receipt, ulong seed)
    {
        using var noGrad = no_grad();
        // What is neither parameter nor statistic of a norm, such as a regressor's scale of its targets, stays as a
        // warm start has it.
        var taken = receipt
            .Tensors.Where(t =>
                t.Status != TransferStatus.Random
                && (t.IsParameter || AtFirst.Any(s => t.Key.EndsWith(s.Buffer, StringComparison.Ordinal))))
            .ToDictionary(t => t.Key, StringComparer.Ordinal);
        Redraw(
            model
                .named_parameters()
                .Where(p => taken.ContainsKey(p.name))
                .Select(p => (p.name, (Tensor)p.parameter, (Tensor)p.parameter)),
            seed);
        foreach (var (name, buffer) in model.named_buffers().Where(b => taken.ContainsKey(b.name)))
        {
            using var atFirst = AtFirst.First(s => name.EndsWith(s.Buffer, StringComparison.Ordinal)).IsOne
                ? ones_like(buffer)
                : zeros_like(buffer);
            buffer.copy_(atFirst);
        }
        return receipt.With(
            backboneCoverage: 0,
            modules: [.. receipt.Modules.Select(NothingLearnt)],
            total: NothingLearnt(receipt.Total),
            tensors:
            [
                .. receipt.Tensors.Select(t =>
                    taken.ContainsKey(t.Key)
                        ? t.Become(
                            TransferStatus.Random,
                            t.SourceKey,
                            t.SourceShape,
                            t.IsParameter ? "drawn by the source's mean and deviation" : "as at first")
                        : t),
            ]);
    }

    private static TransferTotal NothingLearnt(TransferTotal total) =>
        new(total.Module, 0, 0, 0, total.Copied + total.Adapted + total.Remapped + total.Random, total.Elements, 0);

    private static void Redraw(IEnumerable<(string Name, Tensor Source, Tensor Target)> parameters, ulong seed)
    {
        var order = new Dictionary<string, int[]>(StringComparer.Ordinal);
        var layer = 0;
        foreach (var (name, source, target) in parameters)
        {
            using var scope = NewDisposeScope();
            var values = source.Values<float>();
            var random = SeededRandom.Fork(seed, layer++);
            if (source.dim() >= 2)
            {
                var mean = values.Average(v => (double)v);
                var deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
                for (var i = 0; i < values.Length; i++)
                    values[i] = (float)(mean + deviation * random.NextGaussian());
            }
            else
            {
                // A channel's weight and bias stay together.
                var norm = name[..name.LastIndexOf('.')];
                if (!order.TryGetValue(norm, out var places) || places.Length != values.Length)
                {
                    places = [.. Enumerable.Range(0, values.Length)];
                    random.Shuffle<int>(places);
                    order[norm] = places;
                }
                values = [.. places.Select(p => values[p])];
            }
            target.copy_(tensor(values, source.shape, device: target.device));
        }
    }
}

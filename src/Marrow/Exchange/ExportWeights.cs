using Marrow.Checkpoints;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>
/// Reads a checkpoint's weights for an export, in the order of its state dict and in the number types that the other
/// program expects.
/// </summary>
internal static class ExportWeights
{
    /// <summary>Reads all weights. The tensors belong to the caller's dispose scope.</summary>
    public static IReadOnlyList<KeyValuePair<string, torch.Tensor>> Read(
        Checkpoint checkpoint,
        WeightPrecision precision)
    {
        var weights = new List<KeyValuePair<string, torch.Tensor>>();
        foreach (var entry in checkpoint.Weights.Entries)
        {
            var stored = checkpoint.Weights.Read(entry.Name);
            var type = TypeOf(stored, precision);
            weights.Add(new(entry.Name, stored.dtype == type ? stored : stored.to(type)));
            if (stored.dtype != type)
                stored.Dispose();
        }
        return weights;
    }

    /// <summary>
    /// Returns the type in which a tensor is written. Running variances and similar buffers keep their own type, since
    /// they suffer most from the 8 bits of bf16 and are only 1 % of the size.
    /// </summary>
    private static torch.ScalarType TypeOf(torch.Tensor stored, WeightPrecision precision) => precision switch
    {
        WeightPrecision.Stored => stored.dtype,
        _ when !torch.is_floating_point(stored) => stored.dtype,
        WeightPrecision.BFloat16 when stored.Dimensions >= 2 => torch.ScalarType.BFloat16,
        _ => torch.ScalarType.Float32,
    };
}

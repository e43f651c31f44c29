using Marrow.Checkpoints;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>A checkpoint's weights, in the order of its state dict, in the types another program is to get.</summary>
internal static class ExportWeights
{
    /// <summary>The tensors belong to the caller's dispose scope.</summary>
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
    /// Running variances and the like suffer most from bf16's 8 bits, and are 1 % of the size: they stay as they are.
    /// </summary>
    private static torch.ScalarType TypeOf(torch.Tensor stored, WeightPrecision precision) => precision switch
    {
        WeightPrecision.Stored => stored.dtype,
        _ when !torch.is_floating_point(stored) => stored.dtype,
        WeightPrecision.BFloat16 when stored.Dimensions >= 2 => torch.ScalarType.BFloat16,
        _ => torch.ScalarType.Float32,
    };
}

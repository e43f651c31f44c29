using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Marrow.Computing.Cpu;

/// <summary>
/// What a batch norm keeps count of; the module's own forward does it by a number that may be freed meanwhile.
/// </summary>
internal static class BatchCount
{
    /// <summary>Counts one more batch, and gives the share by which running statistics move towards its own.</summary>
    public static double Next(BatchNorm2d norm)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        norm.num_batches_tracked?.add_(Scalars.Of(1L), Scalars.Of(1L));
        return norm.momentum ?? 1.0 / norm.num_batches_tracked!.Value<long>();
    }
}

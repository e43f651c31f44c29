using static TorchSharp.torch.nn;

namespace Marrow.Tests;

internal static class Parameters
{
    /// <summary>Numbers that are learned; buffers are not counted.</summary>
    public static long Count(Module model) => model.parameters().Sum(parameter => parameter.numel());
}

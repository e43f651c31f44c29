using static TorchSharp.torch;

namespace Marrow.Computing;

/// <summary>
/// The one way to read what a tensor holds: its numbers are brought to the processor's memory first, wherever they lie.
/// ArchitectureTests holds that nothing else reads a tensor's memory, but for what makes tensors in that memory itself.
/// </summary>
internal static class HostValues
{
    /// <summary>All numbers, the last dimension fastest, whatever the tensor's layout.</summary>
    public static T[] Values<T>(this Tensor x) where T : unmanaged
    {
        using var scope = NewDisposeScope();
        return x.detach().cpu().contiguous().data<T>().ToArray();
    }

    /// <summary>The number of a tensor of one element.</summary>
    public static T Value<T>(this Tensor x) where T : unmanaged
    {
        using var scope = NewDisposeScope();
        return x.detach().cpu().item<T>();
    }
}

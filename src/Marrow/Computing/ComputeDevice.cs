using System.Globalization;
using TorchSharp;

namespace Marrow.Computing;

/// <summary>Where tensors lie and are computed with. The default is the processor.</summary>
internal readonly record struct ComputeDevice
{
    internal ComputeDevice(DeviceType type, int index = 0) => (Type, Index) = (type, index);

    /// <summary>CPU, CUDA, or META: tensors of a shape without numbers, for tests.</summary>
    internal DeviceType Type { get; }

    /// <summary>Which one of its type, from 0.</summary>
    internal int Index { get; }

    internal static ComputeDevice Cpu => default;

    internal bool IsCpu => Type == DeviceType.CPU;

    /// <summary>As TorchSharp names it when a tensor is made.</summary>
    internal torch.Device Torch => Type == DeviceType.CUDA ? new(Type, Index) : new(Type);

    /// <summary>Whether its matrix products gain from bfloat16.</summary>
    internal bool GainsFromBFloat16 => Type switch
    {
        DeviceType.CPU => Compute.HasBFloat16Instructions(),
        DeviceType.CUDA => CudaDevices.HasBFloat16(Index),
        _ => false,
    };

    /// <summary>"cpu" or "cuda:0".</summary>
    public override string ToString() => Type == DeviceType.CUDA
        ? string.Create(CultureInfo.InvariantCulture, $"cuda:{Index}")
        : Type.ToString().ToLowerInvariant();
}

using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using TorchSharp;

namespace Marrow.Computing;

/// <summary>
/// Which CUDA devices compute here. One that libtorch lists may still be of no use, as one that is too old for the
/// kernels of this libtorch; so each is tried once with a small sum before anything is given to it.
/// </summary>
internal static class CudaDevices
{
    /// <summary>By which bfloat16 matrix products are the hardware's own: compute capability 8.0, Ampere.</summary>
    private const int FirstWithBFloat16 = 8;

    private static readonly ConcurrentDictionary<int, MarrowException?> Tried = new();

    /// <summary>How to get a libtorch with CUDA, for messages.</summary>
    public static string Remedy =>
        "Build Marrow with -p:Libtorch=cuda (several gigabytes), or with -p:Libtorch=none and set "
        + $"{InstalledLibtorch.Variable} to the folder 'lib' of a PyTorch {InstalledLibtorch.WantedVersion} for CUDA.";

    private const string Another = "Take another, or --device cpu.";

    /// <summary>Why the device can't be used; null where it computes.</summary>
    internal static MarrowException? Problem(int index) => Tried.GetOrAdd(index, Try);

    /// <summary>True where nobody can be asked: what is asked for then computes, if perhaps without gain.</summary>
    internal static bool HasBFloat16(int index) =>
        CudaDriver.ComputeCapability(index) is not { Major: < FirstWithBFloat16 };

    private static MarrowException? Try(int index)
    {
        var name = new ComputeDevice(DeviceType.CUDA, index).ToString();
        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        if (count == 0)
        {
            return HasLibrary()
                ? MarrowException.Bad(name, "a CUDA device", "none",
                    "Look at nvidia-smi, at the driver's version and at CUDA_VISIBLE_DEVICES, or compute with "
                        + "--device cpu."
                )
                : MarrowException.Bad(name, "a libtorch for CUDA", "one for the processor alone",
                    $"{Remedy} Or compute on the processor with --device cpu.");
        }
        if (index >= count)
        {
            var last = new ComputeDevice(DeviceType.CUDA, count - 1);
            return MarrowException.Bad(name, $"a CUDA device from cuda:0 to {last}", "none of that number",
                "Name one of those, or look at CUDA_VISIBLE_DEVICES.");
        }
        try
        {
            using var scope = torch.NewDisposeScope();
            using var noGrad = torch.no_grad();
            var sum = torch.ones([index + 2], torch.float32, new torch.Device(DeviceType.CUDA, index)).sum();
            return sum.Value<float>() == index + 2 ? null
                : MarrowException.Bad(name, "a device that computes", "one that adds up wrongly", Another);
        }
        catch (ExternalException e)
        {
            return MarrowException.Bad(
                name,
                "a device that computes",
                e.Message.Split('\n')[0].TrimEnd('.'),
                Another,
                e);
        }
    }

    /// <summary>Whether the libtorch at hand is one for CUDA; loads nothing.</summary>
    public static bool HasLibrary() =>
        LibtorchLoader.FindLibrary(OperatingSystem.IsWindows() ? "torch_cuda.dll" : "libtorch_cuda.so") is not null;
}

using System.Runtime.InteropServices;

namespace Marrow.Computing;

/// <summary>
/// What the NVIDIA driver says of a device (CUDA driver API, libcuda.so.1 or nvcuda.dll): TorchSharp and libtorch's
/// exported functions tell no compute capability. The driver numbers devices as libtorch does, by CUDA_VISIBLE_DEVICES.
/// </summary>
internal static unsafe class CudaDriver
{
    private const int Success = 0; // CUDA_SUCCESS
    private const int CapabilityMajor = 75, CapabilityMinor = 76; // CUdevice_attribute

    private static readonly Lazy<nint> Library = new(() =>
        NativeLibrary.TryLoad(OperatingSystem.IsWindows() ? "nvcuda.dll" : "libcuda.so.1", out var library)
            ? library
            : 0);

    /// <summary>Null where there is no driver or no such device.</summary>
    public static (int Major, int Minor)? ComputeCapability(int index)
    {
        var initialize = (delegate* unmanaged<uint, int>)Find("cuInit");
        var get = (delegate* unmanaged<int*, int, int>)Find("cuDeviceGet");
        var attribute = (delegate* unmanaged<int*, int, int, int>)Find("cuDeviceGetAttribute");
        if (initialize == null || get == null || attribute == null)
            return null;
        int device, major, minor;
        return initialize(0) == Success && get(&device, index) == Success
            && attribute(&major, CapabilityMajor, device) == Success
            && attribute(&minor, CapabilityMinor, device) == Success
            ? (major, minor) : null;
    }

    private static nint Find(string name) =>
        Library.Value != 0 && NativeLibrary.TryGetExport(Library.Value, name, out var address) ? address : 0;
}

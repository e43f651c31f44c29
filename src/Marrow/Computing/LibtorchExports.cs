using System.Runtime.InteropServices;

namespace Marrow.Computing;

/// <summary>
/// Functions that libtorch exports and TorchSharp does not wrap, found by their mangled names (Itanium C++ ABI: Linux
/// and macOS). A C++ exception that crosses into .NET ends the process, so callers check their arguments first.
/// </summary>
internal static class LibtorchExports
{
    private static readonly Lazy<nint> Library = new(() =>
    {
        _ = TorchSharp.torch.get_num_threads(); // Loads libtorch the way TorchSharp does.
        return
            LibtorchLoader.FindLibrary(OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so") is { } path
            && NativeLibrary.TryLoad(path, out var handle) ? handle : 0;
    });

    /// <summary>The function's address, or 0 when this libtorch does not export it.</summary>
    public static nint Find(string mangledName) =>
        Library.Value != 0 && NativeLibrary.TryGetExport(Library.Value, mangledName, out var address) ? address : 0;
}

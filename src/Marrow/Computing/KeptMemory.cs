using System.Runtime.InteropServices;

namespace Marrow.Computing;

/// <summary>
/// Asks the GNU C library to keep what libtorch frees. Each step of a training, and each look at an image, takes the
/// same memory again, and memory that went back to the system comes page by page, each with a fault and set to zero. A
/// user's own values of the library's variables stay. Memory is not used for more than before, but what was needed at
/// most stays with the process.
/// </summary>
internal static class KeptMemory
{
    // malloc.h and mallopt(3)
    private const int TrimThreshold = -1, TopPad = -2, MostMaps = -4, MostArenas = -8;

    private static readonly string[] Variables =
    [
        "MALLOC_TRIM_THRESHOLD_",
        "MALLOC_TOP_PAD_",
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_MMAP_MAX_",
        "MALLOC_ARENA_MAX",
        "GLIBC_TUNABLES",
    ];

    /// <summary>
    /// Best before the first backward pass, whose thread then takes memory where the forward pass does. No block gets a
    /// map of its own any more, since such a map goes back to the system with the block.
    /// </summary>
    internal static unsafe void Ask()
    {
        if (!OperatingSystem.IsLinux() || Variables.Any(name => Environment.GetEnvironmentVariable(name) is not null)
            || !NativeLibrary.TryLoad("libc.so.6", out var library)
            || !NativeLibrary.TryGetExport(library, "mallopt", out var address))
            return;
        var set = (delegate* unmanaged<int, int, int>)address;
        _ =
            set(MostMaps, 0)
            & set(TrimThreshold, int.MaxValue)
            & set(TopPad, 64 << 20)
            & set(MostArenas, 1);
    }
}

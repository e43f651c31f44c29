using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Marrow.Computing;

/// <summary>
/// Loads a native library from bytes in memory (Linux). They go into a file without a name (memfd_create), which no
/// other user can reach, so that what is loaded is what was checked, and which needs no disk that can be written. Where
/// the system does not run such files, the library lies for a moment in a folder that is this process's alone.
/// </summary>
internal static partial class PrivateLibrary
{
    private const uint CloseOnExec = 0x1, Executable = 0x10; // MFD_CLOEXEC, MFD_EXEC (Linux 6.3; before it always so)

    /// <summary>
    /// Its handle. Throws <see cref="DllNotFoundException"/> or <see cref="IOException"/> where the system loads it
    /// neither way.
    /// </summary>
    public static nint Load(string name, ReadOnlySpan<byte> bytes)
    {
        if (LoadFromMemory(name, bytes) is var loaded and not 0)
            return loaded;
        using var folder = new ScratchFolder(mustStay: true);
        var path = Path.Combine(folder.Path, name);
#pragma warning disable RS0030 // A new file is written.
        using (var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            file.Write(bytes);
#pragma warning restore RS0030
        return NativeLibrary.Load(path); // It stays mapped when its file is gone.
    }

    /// <summary>0 where the system does not do it.</summary>
    internal static nint LoadFromMemory(string name, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var handle = CreateInMemory(name, CloseOnExec | Executable);
            if (handle.IsInvalid)
                handle = CreateInMemory(name, CloseOnExec);
            if (handle.IsInvalid)
                return 0;
            // It stays open: the linker knows the library by this path, which must not come to mean another file.
            var file = new FileStream(handle, FileAccess.Write, bufferSize: 0);
            file.Write(bytes);
            Open.Add(file);
            return NativeLibrary.TryLoad($"/proc/self/fd/{handle.DangerousGetHandle()}", out var library) ? library : 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or EntryPointNotFoundException)
        {
            return 0; // No such call, or no memory for it.
        }
    }

    private static readonly List<FileStream> Open = [];

    [LibraryImport(
        "libc",
        EntryPoint = "memfd_create",
        SetLastError = true,
        StringMarshalling = StringMarshalling.Utf8
    )]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle CreateInMemory(string name, uint flags);
}

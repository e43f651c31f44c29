using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Loader;
using System.Security.Cryptography;
using System.Text;

namespace Marrow.Computing;

/// <summary>
/// Lets TorchSharp's native library load where the machine's libstdc++ is older than the one it was linked with
/// (Debian 12, Ubuntu 22.04). The library asks for symbol version GLIBCXX_3.4.32, of which it uses one symbol that has
/// no relocation; a copy in memory marks that one requirement as weak (VER_FLG_WEAK of the ELF "version needed" record,
/// Linux Standard Base 10.7.4), and is loaded instead: no file of it lies anywhere for others to change. Newer systems
/// load the original. Nothing of it happens before TorchSharp asks for its library: a command that computes nothing
/// never loads libtorch.
/// </summary>
internal static class LibtorchLoader
{
    internal const string WantedVersion = "GLIBCXX_3.4.32";
    internal const string LibraryName = "libLibTorchSharp.so";
    private const string TorchSharpsName = "LibTorchSharp"; // in its imports

    // TorchSharp 0.107.0, runtimes/linux-x64/native/libLibTorchSharp.so
    internal const string OriginalSha256 = "cf33b1b0bb6bbb9754a768fb5c5d04d9f498603be50e73f55621a0b40ee608b8";
    private const ushort VersionFlagWeak = 2;
    private const int MostBytes = 64 << 20; // the library has 1 MB, libstdc++ 2 MB

    /// <summary>
    /// Why libtorch can't be loaded, once that is known, by the first reason; null where it was, or where nothing had
    /// to be done.
    /// </summary>
    public static string? Problem { get; private set; }

    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Usage",
        "CA2255",
        Justification = "It must run before TorchSharp's first call."
    )]
    internal static void Initialize()
    {
        EqualSums.Ask();
        WaitPolicy.Ask();
        InstalledLibtorch.Prepare();
        // Raised when the library was looked for and could not be loaded.
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64)
            AssemblyLoadContext.Default.ResolvingUnmanagedDll += (_, name) => name == TorchSharpsName ? Guard(Load) : 0;
    }

    /// <summary>
    /// What <paramref name="load"/> returns, or its default where it fails; why is then the <see cref="Problem"/>.
    /// </summary>
    internal static T? Guard<T>(Func<T> load)
    {
        try
        {
            return load();
        }
        catch (Exception e)
            when (e
                    is MarrowException
                        or IOException
                        or UnauthorizedAccessException
                        or InvalidDataException
                        or DllNotFoundException
                        or BadImageFormatException)
        {
            // TorchSharp would hide an exception from here behind one of its own.
            Problem ??= $"libtorch can't be loaded: {e.Message.TrimEnd('.')}.";
            return default;
        }
    }

    /// <summary>The mended copy, or 0 where TorchSharp's own error is the honest one.</summary>
    private static nint Load()
    {
        var original = FindLibrary(LibraryName);
        if (original is null || FindLibrary("libtorch_cpu.so") is null || SystemHas(WantedVersion))
            return 0; // TorchSharp says what is missing.

        var bytes = InputFile.ReadAllBytes(original, MostBytes);
        if (Convert.ToHexStringLower(SHA256.HashData(bytes)) != OriginalSha256)
            return 0; // A build that was not looked at.

        // Its own dependencies are beside the original; once loaded, the system linker finds them by name.
        foreach (var dependency in (string[])["libc10.so", "libtorch_cpu.so", "libtorch.so"])
        {
            if (FindLibrary(dependency) is { } path)
                NativeLibrary.Load(path);
        }
        return PrivateLibrary.Load(LibraryName, Mend(bytes));
    }

    /// <summary>
    /// A copy of the library in which <see cref="WantedVersion"/> is a weak requirement; one field differs.
    /// </summary>
    internal static byte[] Mend(ReadOnlySpan<byte> elf)
    {
        var flags = FindVersionFlags(elf, WantedVersion);
        var copy = elf.ToArray();
        BinaryPrimitives.WriteUInt16LittleEndian(copy.AsSpan(flags), VersionFlagWeak);
        return copy;
    }

    /// <summary>Offset of vna_flags of the Elf64_Vernaux entry with this name.</summary>
    internal static int FindVersionFlags(ReadOnlySpan<byte> elf, string version)
    {
        const uint sectionVersionNeed = 0x6ffffffe; // SHT_GNU_verneed
        if (elf.Length < 64 || !elf[..5].SequenceEqual("\u007fELF\u0002"u8))
            throw new InvalidDataException($"{LibraryName}: not a 64-bit ELF file.");
        var sections = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[0x28..]);
        var sectionSize = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3A..]);
        var sectionCount = BinaryPrimitives.ReadUInt16LittleEndian(elf[0x3C..]);
        for (var i = 0; i < sectionCount; i++)
        {
            var header = elf.Slice(sections + i * sectionSize, sectionSize);
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[4..]) != sectionVersionNeed)
                continue;
            var start = (int)BinaryPrimitives.ReadUInt64LittleEndian(header[0x18..]);
            var link = (int)BinaryPrimitives.ReadUInt32LittleEndian(header[0x28..]);
            var files = (int)BinaryPrimitives.ReadUInt32LittleEndian(header[0x2C..]);
            var strings = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf[(sections + link * sectionSize + 0x18)..]);
            for (var need = start; files > 0; files--)
            {
                var count = BinaryPrimitives.ReadUInt16LittleEndian(elf[(need + 2)..]);
                var entry = need + (int)BinaryPrimitives.ReadUInt32LittleEndian(elf[(need + 8)..]);
                for (var k = 0; k < count; k++)
                {
                    var name = elf[(strings + (int)BinaryPrimitives.ReadUInt32LittleEndian(elf[(entry + 8)..]))..];
                    if (Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]) == version)
                        return entry + 4;
                    entry += (int)BinaryPrimitives.ReadUInt32LittleEndian(elf[(entry + 12)..]);
                }
                need += (int)BinaryPrimitives.ReadUInt32LittleEndian(elf[(need + 12)..]);
            }
        }
        throw new InvalidDataException($"{LibraryName}: asks for no version {version}.");
    }

    /// <summary>
    /// Where a library lies: beside the application, or in the installed PyTorch that the user names; null for neither.
    /// </summary>
    internal static string? FindLibrary(string name) => FindOwnLibrary(name)
        ?? (
            InstalledLibtorch.Folder is { } folder && Path.Combine(folder, name) is var path && File.Exists(path)
                ? path
                : null);

    /// <summary>Where the native libraries of the application lie; null when there are none.</summary>
    internal static string? FindOwnLibrary(string name)
    {
        var searched = (AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string ?? "")
            .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            .Append(AppContext.BaseDirectory)
            .Append(Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native"));
        return searched.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
    }

    /// <summary>True when the system's libstdc++ defines the version, or there is none to ask.</summary>
    private static bool SystemHas(string version)
    {
        if (!NativeLibrary.TryLoad("libstdc++.so.6", out _))
            return true;
        var path = InputFile.ReadAllText("/proc/self/maps", MostBytes).Split('\n')
            .FirstOrDefault(line => line.Contains("libstdc++.so.6", StringComparison.Ordinal));
        if (path is null)
            return true;
        var file = path[path.IndexOf('/')..];
        return InputFile.ReadAllBytes(file, MostBytes).AsSpan().IndexOf(Encoding.ASCII.GetBytes(version + "\0")) >= 0;
    }
}

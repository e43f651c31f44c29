using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Marrow;

/// <summary>What lies at a path, the path's own entry and not what a link leads to.</summary>
/// <param name="Owner">User id; on systems other than Linux always that of this process.</param>
/// <param name="Mode">Permission bits.</param>
/// <param name="Names">Hard links of it.</param>
internal readonly record struct PathStatus(PathKind Kind, uint Owner, UnixFileMode Mode, uint Names)
{
    private const UnixFileMode ByOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>True where only this user (and root) may change it.</summary>
    public bool IsOwn => OperatingSystem.IsWindows() || Owner == Posix.User && (Mode & ByOthers) == 0;

    public bool IsFolder => Kind == PathKind.Folder;
}

internal enum PathKind
{
    File,
    Folder,
    Link,
    Pipe,
    Device,
    Socket,
    Other,
}

/// <summary>
/// Functions of the C library that .NET does not offer: an fsync that tells its error, opening without following links,
/// owners of files, whether a process lives. Linux and macOS; none of them takes a variable number of arguments, which
/// .NET can't pass on every processor.
/// </summary>
internal static partial class Posix
{
    public const int NotPermitted = 1,
        NoEntry = 2,
        NoProcess = 3,
        Interrupted = 4,
        InputOutput = 5,
        NoDevice = 6,
        NoAccess = 13,
        Exists = 17,
        NoFolder = 20,
        Invalid = 22,
        NoSpace = 28,
        ReadOnly = 30;
    public static readonly int NotSupported = OperatingSystem.IsMacOS() ? 45 : 95;
    public static readonly int NotImplemented = OperatingSystem.IsMacOS() ? 78 : 38;
    public static readonly int OverQuota = OperatingSystem.IsMacOS() ? 69 : 122;
    public static readonly int WouldBlock = OperatingSystem.IsMacOS() ? 35 : 11;

    private const int ReadWrite = 2;
    private static readonly bool IsArm =
        RuntimeInformation.ProcessArchitecture is Architecture.Arm64 or Architecture.Arm;
    private static readonly int NoFollow = OperatingSystem.IsMacOS() ? 0x100 : IsArm ? 0x8000 : 0x20000;
    private static readonly int FolderOnly = OperatingSystem.IsMacOS() ? 0x100000 : IsArm ? 0x4000 : 0x10000;
    private static readonly int CloseOnExec = OperatingSystem.IsMacOS() ? 0x1000000 : 0x80000;
    private static readonly int DoNotBlock = OperatingSystem.IsMacOS() ? 0x4 : 0x800;

    /// <summary>The number of the effective user.</summary>
    public static uint User => OperatingSystem.IsWindows() ? 0 : GetEffectiveUser();

    /// <summary>"Input/output error (EIO)", or the system's words alone for an error without a name here.</summary>
    public static string Describe(int error)
    {
        var name =
            error == InputOutput ? "EIO"
            : error == NoSpace ? "ENOSPC"
            : error == OverQuota ? "EDQUOT"
            : error == ReadOnly ? "EROFS"
            : error == NoAccess ? "EACCES"
            : null;
        return Marshal.GetPInvokeErrorMessage(error) + (name is null ? "" : $" ({name})");
    }

    /// <summary>Flushes a file to the disk; gives 0, or the number of the error.</summary>
    public static unsafe int Flush(SafeFileHandle file)
    {
        var isHeld = false;
        try
        {
            file.DangerousAddRef(ref isHeld);
            while (true)
            {
                Marshal.SetLastSystemError(0);
                if (FSync((int)file.DangerousGetHandle()) == 0)
                    return 0;
                if (Marshal.GetLastSystemError() is not Interrupted and var error)
                    return error;
            }
        }
        finally
        {
            if (isHeld)
                file.DangerousRelease();
        }
    }

    /// <summary>0, or the error of opening a folder or of writing its entries to the disk.</summary>
    public static int FlushFolder(string folder, out bool isOpened)
    {
        using var handle = Open(folder, FolderOnly | CloseOnExec);
        isOpened = !handle.IsInvalid;
        return isOpened ? Flush(handle) : Marshal.GetLastPInvokeError();
    }

    /// <summary>
    /// Opens a file that is there for reading and writing; a link is not followed, and a pipe does not block. Null with
    /// the error.
    /// </summary>
    public static SafeFileHandle? OpenNoFollow(string path, out int error)
    {
        var handle = Open(path, ReadWrite | NoFollow | DoNotBlock | CloseOnExec);
        error = handle.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        if (error == 0)
            return handle;
        handle.Dispose();
        return null;
    }

    /// <summary>Opens what is there for reading; a pipe or a device is not waited for. Null with the error.</summary>
    public static SafeFileHandle? OpenToRead(string path, out int error)
    {
        var handle = Open(path, DoNotBlock | CloseOnExec);
        error = handle.IsInvalid ? Marshal.GetLastPInvokeError() : 0;
        if (error == 0)
            return handle;
        handle.Dispose();
        return null;
    }

    /// <summary>What an open file is. Throws <see cref="IOException"/> where it can't be told.</summary>
    public static unsafe PathKind KindOf(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsMacOS())
            return Status(file, path).Kind;
        var status = stackalloc byte[256]; // struct stat with 64-bit inodes has 144 bytes; st_mode stands at byte 4.
        if (FStat(file, status) != 0)
            throw new IOException($"{Describe(Marshal.GetLastPInvokeError())}: '{path}'");
        return KindOfMode(*(ushort*)(status + 4));
    }

    /// <summary>False where another has it locked. A file system without locks locks for nobody, as in .NET.</summary>
    public static bool TryLock(SafeFileHandle file, bool alone)
    {
        const int shared = 1, exclusive = 2, withoutWaiting = 4;
        return Lock(file, (alone ? exclusive : shared) | withoutWaiting) == 0
            || Marshal.GetLastPInvokeError() != WouldBlock;
    }

    /// <summary>False only where there is surely no process of this number. One of another user lives too.</summary>
    public static bool IsAlive(int process) =>
        process <= 0 || Kill(process, 0) == 0 || Marshal.GetLastPInvokeError() != NoProcess;

    /// <summary>
    /// Makes a folder that nobody else may look into. Throws <see cref="IOException"/> where anything is there already.
    /// </summary>
    public static void MakePrivateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else if (
            MakeDirectory(path, (uint)(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != 0)
            throw new IOException($"{Describe(Marshal.GetLastPInvokeError())}: '{path}'");
    }

    /// <summary>Null where nothing is. Throws <see cref="IOException"/> where it can't be told.</summary>
    public static PathStatus? Status(string path) =>
        OperatingSystem.IsLinux() ? LinuxStatus(CurrentFolder, path, NoFollowAt) : PlainStatus(path);

    /// <summary>Of an open file.</summary>
    public static PathStatus Status(SafeFileHandle file, string path) =>
        OperatingSystem.IsLinux()
            ? LinuxStatus((int)file.DangerousGetHandle(), "", EmptyPathAt)!.Value
            : PlainStatus(path) ?? throw new FileNotFoundException(path);

    private const int CurrentFolder = -100,
        NoFollowAt = 0x100,
        EmptyPathAt = 0x1000; // AT_FDCWD, AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH

    /// <summary>struct statx, linux/stat.h: nlink at 16, uid at 20, mode at 28.</summary>
    private static unsafe PathStatus? LinuxStatus(int folder, string path, int flags)
    {
        const uint typeModeNamesOwner = 0x1 | 0x2 | 0x4 | 0x8;
        var buffer = stackalloc byte[256];
        if (StatX(folder, path, flags, typeModeNamesOwner, buffer) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            return error is NoEntry or NoFolder ? null : throw new IOException($"{Describe(error)}: '{path}'");
        }
        var mode = *(ushort*)(buffer + 28);
        return new(KindOfMode(mode), *(uint*)(buffer + 20), (UnixFileMode)(mode & 0xFFF), *(uint*)(buffer + 16));
    }

    /// <summary>S_IFMT and its values, sys/stat.h; the same on Linux and macOS.</summary>
    private static PathKind KindOfMode(ushort mode) => (mode & 0xF000) switch
    {
        0x1000 => PathKind.Pipe,
        0x2000 or 0x6000 => PathKind.Device,
        0x4000 => PathKind.Folder,
        0x8000 => PathKind.File,
        0xA000 => PathKind.Link,
        0xC000 => PathKind.Socket,
        _ => PathKind.Other,
    };

    private static PathStatus? PlainStatus(string path)
    {
        var info = new FileInfo(path);
        if ((int)info.Attributes == -1)
            return null;
        var kind = info.LinkTarget is not null ? PathKind.Link
            : info.Attributes.HasFlag(FileAttributes.Directory) ? PathKind.Folder
            : info.Attributes.HasFlag(FileAttributes.Device) ? PathKind.Device : PathKind.File;
        return new(kind, User, OperatingSystem.IsWindows() || kind == PathKind.Link ? 0 : info.UnixFileMode, 1);
    }

    private static SafeFileHandle Open(string path, int flags)
    {
        while (true)
        {
            var handle = OpenFile(path, flags);
            if (!handle.IsInvalid || Marshal.GetLastPInvokeError() != Interrupted)
                return handle;
            handle.Dispose();
        }
    }

    /// <summary>
    /// As the whole program is linked, so that a preloaded one (libeatmydata, or a test's that fails) is heard.
    /// </summary>
    private static readonly unsafe delegate* unmanaged<int, int> FSync = OperatingSystem.IsWindows() ? null
        : (delegate* unmanaged<int, int>)(
            NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "fsync", out var function)
                ? function
                : NativeLibrary.GetExport(
                    NativeLibrary.Load("libc", typeof(Posix).Assembly, DllImportSearchPath.SafeDirectories),
                    "fsync"));

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Lock(SafeFileHandle file, int operation);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint GetEffectiveUser();

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int MakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int StatX(int folder, string path, int flags, uint mask, byte* result);

    [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int FStat(SafeFileHandle file, byte* status);
}

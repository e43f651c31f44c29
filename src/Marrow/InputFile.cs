using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Marrow;

/// <summary>
/// The one way in which files are opened to be read. Only regular files are: a pipe would hold the program until somebody
/// writes to it, a device has no end. The file is opened without waiting and looked at by its handle, so that nothing can
/// take its place between the look and the opening. No more bytes are read than the caller allows, whatever length the
/// file system reports. What can't be opened throws as <see cref="File"/> does; what is no regular file, or is too large,
/// throws <see cref="MarrowException"/>.
/// </summary>
internal static partial class InputFile
{
    /// <summary>For files that are read piece by piece and checked on the way, such as weights.</summary>
    public const long AnySize = long.MaxValue;

    private const int DefaultBuffer = 4096;
    private const string Remedy = "Name a regular file; what comes from a pipe or a device is saved to one first.";

    /// <param name="bufferBytes">Of the stream; 1 for callers with a buffer of their own.</param>
    /// <param name="maxBytes">A file that reports more is refused. One that grows afterwards is the caller's to bound.</param>
    public static FileStream Open(string path, long maxBytes, int bufferBytes = DefaultBuffer)
    {
        var handle = OpenHandle(path, maxBytes);
        try
        {
            // Handles that were opened without waiting count as asynchronous on Unix; for regular files it is all the same.
            return new FileStream(handle, FileAccess.Read, bufferBytes, isAsync: handle.IsAsync);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    public static SafeFileHandle OpenHandle(string path, long maxBytes)
    {
        var handle = OperatingSystem.IsWindows() ? OpenOnWindows(path) : OpenOnUnix(path);
        try
        {
            if (maxBytes != AnySize && RandomAccess.GetLength(handle) is var length && length > maxBytes)
                throw TooLarge(path, maxBytes, $"{length}");
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The whole file, at most <paramref name="maxBytes"/> of it, which fit in an array.</summary>
    public static byte[] ReadAllBytes(string path, int maxBytes)
    {
        using var handle = OpenHandle(path, maxBytes);
        // One byte more than there should be: a file that grows, or one of /proc that reports no length, is read to its end.
        var bytes = new byte[(int)Math.Min(RandomAccess.GetLength(handle), maxBytes) + 1];
        for (var read = 0; ;)
        {
            var count = RandomAccess.Read(handle, bytes.AsSpan(read), read);
            read += count;
            if (count == 0)
                return bytes[..read];
            if (read > maxBytes)
                throw TooLarge(path, maxBytes, "more");
            if (read == bytes.Length)
                Array.Resize(ref bytes, (int)Math.Min(Math.Max(bytes.Length * 2L, DefaultBuffer), maxBytes + 1L));
        }
    }

    /// <summary>UTF-8 with or without a byte order mark; bytes that are not become U+FFFD.</summary>
    public static string ReadAllText(string path, int maxBytes)
    {
        using var reader = new StreamReader(new MemoryStream(ReadAllBytes(path, maxBytes)), Encoding.UTF8);
        return reader.ReadToEnd();
    }

    /// <summary>Text that is read piece by piece; past <paramref name="maxBytes"/> reading throws.</summary>
    public static StreamReader OpenText(string path, long maxBytes, Encoding encoding) =>
        new(new BoundedStream(Open(path, maxBytes, 1), path, maxBytes), encoding, detectEncodingFromByteOrderMarks: true);

    private static SafeFileHandle OpenOnWindows(string path)
    {
#pragma warning disable RS0030 // The check follows.
        var handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
#pragma warning restore RS0030
        try
        {
            using var probe = new FileStream(new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: false), FileAccess.Read, 1);
            RequireRegular(handle, probe.CanSeek, path);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    private static SafeFileHandle OpenOnUnix(string path)
    {
        var full = Path.GetFullPath(path);
        int descriptor, error;
        do
        {
            descriptor = Posix.Open(full, Posix.ReadOnlyWithoutWaiting);
            error = descriptor < 0 ? Marshal.GetLastPInvokeError() : 0;
        }
        while (error == Posix.Interrupted);
        if (descriptor < 0)
            throw Failure(full, path, error);
        var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        try
        {
            RequireRegular(handle, canSeek: true, path);
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The exception that .NET's own calls give for the same error.</summary>
    private static Exception Failure(string full, string path, int error) => error switch
    {
        Posix.NoSuchEntry or Posix.NoDirectory when !Directory.Exists(Path.GetDirectoryName(full)) => new DirectoryNotFoundException($"Could not find a part of the path '{full}'."),
        Posix.NoSuchEntry => new FileNotFoundException($"Could not find file '{full}'.", full),
        Posix.NoAccess or Posix.NotPermitted => new UnauthorizedAccessException($"Access to the path '{full}' is denied."),
        Posix.NoDevice => NotRegular(path, "a socket, or a device that is absent"),
        _ => new IOException($"{Marshal.GetPInvokeErrorMessage(error)} : '{full}'"),
    };

    private static void RequireRegular(SafeFileHandle handle, bool canSeek, string path)
    {
        var found = OperatingSystem.IsWindows()
            ? canSeek ? null : "a pipe or a device"
            : Posix.KindOf(handle) switch
            {
                Posix.Regular => null,
                Posix.Folder => "a folder",
                Posix.Pipe => "a pipe",
                Posix.CharacterDevice or Posix.BlockDevice => "a device",
                Posix.Socket => "a socket",
                _ => "something else",
            };
        if (found is not null)
            throw NotRegular(path, found);
    }

    private static MarrowException NotRegular(string path, string found) => MarrowException.Bad(path, "a file", found, Remedy);

    private static MarrowException TooLarge(string path, long maxBytes, string found) =>
        MarrowException.Bad(path, $"a file of at most {maxBytes} bytes", found, "Is it the right file?");

    /// <summary>Ends a file that turns out longer than it may be.</summary>
    private sealed class BoundedStream(FileStream file, string path, long maxBytes) : Stream
    {
        private long _read;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => _read; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            var count = file.Read(buffer);
            _read += count;
            return _read <= maxBytes ? count : throw TooLarge(path, maxBytes, "more");
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                file.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>open(2) and what stat(2) says of a handle. Numbers of Linux and macOS, which differ where a choice stands.</summary>
    private static unsafe partial class Posix
    {
        public const int Interrupted = 4, NoSuchEntry = 2, NotPermitted = 1, NoDevice = 6, NoAccess = 13, NoDirectory = 20;

        // S_IFMT and its values, <sys/stat.h>.
        public const int Pipe = 0x1000, CharacterDevice = 0x2000, Folder = 0x4000, BlockDevice = 0x6000, Regular = 0x8000, Socket = 0xC000;
        private const int KindMask = 0xF000;

        // statx(2): it alone has one layout on every processor. stx_mode stands at byte 28 of 256.
        private const int ByHandle = 0x1000, KindWanted = 1, StatxBytes = 256, StatxMode = 28;

        // struct stat of macOS with 64-bit inodes: st_mode at byte 4 of 144, which the same buffer holds.
        private const int StatMode = 4;

        /// <summary>O_RDONLY, O_NONBLOCK and O_CLOEXEC.</summary>
        public static int ReadOnlyWithoutWaiting => OperatingSystem.IsMacOS() ? 0x4 | 0x1000000 : 0x800 | 0x80000;

        public static int KindOf(SafeFileHandle handle)
        {
            var buffer = stackalloc byte[StatxBytes];
            var isMac = OperatingSystem.IsMacOS();
            if ((isMac ? FStat(handle, buffer) : Statx(handle, "", ByHandle, KindWanted, buffer)) != 0)
                throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
            return *(ushort*)(buffer + (isMac ? StatMode : StatxMode)) & KindMask;
        }

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static partial int Open(string path, int flags);

        [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static partial int Statx(SafeFileHandle handle, string path, int flags, uint mask, byte* buffer);

        [LibraryImport("libc", EntryPoint = "fstat", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        private static partial int FStat(SafeFileHandle handle, byte* buffer);
    }
}

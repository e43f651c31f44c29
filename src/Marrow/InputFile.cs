using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Marrow;

/// <summary>
/// The one way in which files are opened to be read. Only regular files are: a pipe would hold the program until
/// somebody writes to it, a device has no end. The file is opened without waiting and looked at by its handle, so that
/// nothing can take its place between the look and the opening. No more bytes are read than the caller allows, whatever
/// length the file system reports. What can't be opened throws as <see cref="File"/> does; what is no regular file, or
/// is too large, throws <see cref="MarrowException"/>.
/// </summary>
public static class InputFile
{
    /// <summary>For files that are read piece by piece and checked on the way, such as weights.</summary>
    internal const long AnySize = long.MaxValue;

    private const int DefaultBuffer = 4096;
    private const string Remedy = "Name a regular file; what comes from a pipe or a device is saved to one first.";

    /// <param name="bufferBytes">Of the stream; 1 for callers with a buffer of their own.</param>
    /// <param name="maxBytes">
    /// A file that reports more is refused. One that grows afterwards is the caller's to bound.
    /// </param>
    internal static FileStream Open(string path, long maxBytes, int bufferBytes = DefaultBuffer)
    {
        var handle = OpenHandle(path, maxBytes);
        try
        {
            // Handles that were opened without waiting count as asynchronous on Unix; for regular files it is all the
            // same.
            return new FileStream(handle, FileAccess.Read, bufferBytes, isAsync: handle.IsAsync);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    internal static SafeFileHandle OpenHandle(string path, long maxBytes)
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
        // One byte more than there should be: a file that grows, or one of /proc that reports no length, is read to its
        // end.
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
    internal static StreamReader OpenText(string path, long maxBytes, Encoding encoding) =>
        new(
            new BoundedStream(Open(path, maxBytes, 1), path, maxBytes),
            encoding,
            detectEncodingFromByteOrderMarks: true);

    private static SafeFileHandle OpenOnWindows(string path)
    {
#pragma warning disable RS0030 // The check follows.
        var handle = File.OpenHandle(path, share: FileShare.ReadWrite | FileShare.Delete);
#pragma warning restore RS0030
        try
        {
            using var probe = new FileStream(
                new SafeFileHandle(handle.DangerousGetHandle(), ownsHandle: false),
                FileAccess.Read,
                1);
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
        if (Posix.OpenToRead(full, out var error) is not { } handle)
            throw Failure(full, path, error);
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
    private static Exception Failure(string full, string path, int error) =>
        error switch
        {
            Posix.NoEntry or Posix.NoFolder when !Directory.Exists(Path.GetDirectoryName(full)) =>
                new DirectoryNotFoundException($"Could not find a part of the path '{full}'."),
            Posix.NoEntry => new FileNotFoundException($"Could not find file '{full}'.", full),
            Posix.NoAccess or Posix.NotPermitted => new UnauthorizedAccessException(
                $"Access to the path '{full}' is denied."),
            Posix.NoDevice => NotRegular(path, "a socket, or a device that is absent"),
            _ => new IOException($"{Marshal.GetPInvokeErrorMessage(error)} : '{full}'"),
        };

    private static void RequireRegular(SafeFileHandle handle, bool canSeek, string path)
    {
        var found = OperatingSystem.IsWindows()
            ? canSeek ? null : "a pipe or a device"
            : Posix.KindOf(handle, path) switch
            {
                PathKind.File => null,
                PathKind.Folder => "a folder",
                PathKind.Pipe => "a pipe",
                PathKind.Device => "a device",
                PathKind.Socket => "a socket",
                _ => "something else",
            };
        if (found is not null)
            throw NotRegular(path, found);
    }

    private static MarrowException NotRegular(string path, string found) =>
        MarrowException.Bad(path, "a file", found, Remedy);

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
}

using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Marrow.Tests;

/// <summary>What a name may lead to that is no regular file. Linux and macOS.</summary>
internal static partial class SpecialFiles
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>A pipe that nobody writes to: opening it the usual way waits for ever.</summary>
    public static string Pipe(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes among its files.");
        Assert.Equal(0, MakePipe(path, 0x180 /* rw------- */));
        return path;
    }

    /// <summary>A link to a device that has no end and reports no length.</summary>
    public static string Endless(string path)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no /dev/zero.");
        return File.CreateSymbolicLink(path, "/dev/zero").FullName;
    }

    /// <summary>There until it is disposed.</summary>
    public static Socket Socket(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    /// <summary>What <paramref name="work"/> gives, unless it hangs.</summary>
    public static T Within<T>(Func<T> work)
    {
        var task = Task.Run(work);
        Assert.True(Task.WhenAny(task, Task.Delay(Patience)).Result == task, "It hangs.");
        return task.GetAwaiter().GetResult();
    }

    [LibraryImport("libc", EntryPoint = "mkfifo", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakePipe(string path, uint mode);
}

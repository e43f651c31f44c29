using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Marrow.Tests.Checkpoints;

namespace Marrow.Tests.Hub.Registry;

/// <summary>Debian's docker-registry on loopback, with its store in a folder of its own; skips the test where it is absent.</summary>
internal sealed class DockerRegistry : IDisposable
{
    private const string Program = "/usr/bin/docker-registry";
    private readonly TemporaryFolder _folder = new();
    private readonly Process _process;

    /// <param name="more">Further lines of its configuration; FOLDER stands for its folder.</param>
    public DockerRegistry(string more = "", string http = "", Action<string>? prepare = null)
    {
        Assert.SkipUnless(File.Exists(Program), $"{Program} is absent (apt install docker-registry).");
        prepare?.Invoke(_folder.Path);
        Port = FreePort();
        var config = $"""
            version: 0.1
            log: {"{level: error, accesslog: {disabled: true}}"}
            storage:
              filesystem: {"{"}rootdirectory: {_folder["store"]}{"}"}
            http:
              addr: 127.0.0.1:{Port}
            {http}
            {more}
            """;
        File.WriteAllText(_folder["config.yml"], config.Replace("FOLDER", _folder.Path, StringComparison.Ordinal));
        _process = Process.Start(new ProcessStartInfo(Program, ["serve", _folder["config.yml"]]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        for (var waiting = Stopwatch.StartNew(); !Listens(); Thread.Sleep(20))
            Assert.True(waiting.Elapsed.TotalSeconds < 20 && !_process.HasExited, "docker-registry did not start.");
    }

    public int Port { get; }

    public string Host => $"127.0.0.1:{Port}";

    public string Folder => _folder.Path;

    /// <summary>Files of blobs in its store.</summary>
    public int Blobs => Directory.GetFiles(Path.Combine(_folder["store"], "docker", "registry", "v2", "blobs"), "data", SearchOption.AllDirectories).Length;

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Dispose();
    }

    public static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private bool Listens()
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Marrow.Soak;

/// <summary>Debian's docker-registry on loopback, with its store in a folder of its own.</summary>
public sealed class DockerRegistry : IDisposable
{
    private const string Program = "/usr/bin/docker-registry";
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-registry-").FullName;
    private readonly Process _process;

    /// <param name="more">Further lines of its configuration; FOLDER stands for its folder.</param>
    public DockerRegistry(string more = "", string http = "", Action<string>? prepare = null)
    {
        prepare?.Invoke(_folder);
        Port = FreePort();
        var config = $"""
            version: 0.1
            log: {"{level: error, accesslog: {disabled: true}}"}
            storage:
              filesystem: {"{"}rootdirectory: {Path.Combine(_folder, "store")}{"}"}
            http:
              addr: 127.0.0.1:{Port}
            {http}
            {more}
            """;
        File.WriteAllText(
            Path.Combine(_folder, "config.yml"),
            config.Replace("FOLDER", _folder, StringComparison.Ordinal));
        _process = Process.Start(
            new ProcessStartInfo(Program, ["serve", Path.Combine(_folder, "config.yml")])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            }
        )!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        for (var waiting = Stopwatch.StartNew(); !Listens(); Thread.Sleep(20))
        {
            if (waiting.Elapsed > LongestStart || _process.HasExited)
                throw new InvalidOperationException("docker-registry did not start.");
        }
    }

    /// <summary>Null, or why there can be none here.</summary>
    public static string? Missing =>
        File.Exists(Program) ? null : $"{Program} is absent (apt install docker-registry).";

    public int Port { get; }

    public string Host => $"127.0.0.1:{Port}";

    public string Folder => _folder;

    /// <summary>Files of blobs in its store.</summary>
    public int Blobs =>
        Directory
            .GetFiles(
                Path.Combine(Path.Combine(_folder, "store"), "docker", "registry", "v2", "blobs"),
                "data",
                SearchOption.AllDirectories)
            .Length;

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
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

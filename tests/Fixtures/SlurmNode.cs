using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Marrow.Tests;

/// <summary>
/// A SLURM cluster of one node, of this test's own: munge, controller and node daemon in a temporary folder.
/// </summary>
internal sealed class SlurmNode : IDisposable
{
    private readonly string _folder;
    private readonly List<Process> _daemons = [];

    private SlurmNode(string folder) => _folder = folder;

    /// <summary>Starts it; skips the test, with the reason, where SLURM is absent or can't run.</summary>
    public static SlurmNode StartOrSkip(string folder)
    {
        string[] programs = ["munged", "slurmctld", "slurmd", "sbatch", "sinfo", "squeue"];
        Assert.SkipWhen(Environment.UserName != "root", "A node daemon of SLURM is started by root alone.");
        foreach (var program in programs)
            Assert.SkipWhen(Find(program) is null, $"{program} is not installed (Debian: slurm-wlm).");
        var node = new SlurmNode(Directory.CreateDirectory(folder).FullName);
        try
        {
            node.Start();
            return node;
        }
        catch
        {
            node.Dispose();
            throw;
        }
    }

    /// <summary>Runs a shell command against this cluster; its standard output.</summary>
    public string Shell(string command)
    {
        using var process = Process.Start(
            With(
                new ProcessStartInfo("/bin/bash", ["-c", command])
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )
        )!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, $"{command}: {process.ExitCode}\n{output}\n{error.Result}");
        return output.Trim();
    }

    public void Dispose()
    {
        foreach (var daemon in Enumerable.Reverse(_daemons))
        {
            using (daemon)
            {
                if (daemon.HasExited)
                    continue;
                using (Process.Start("kill", $"-TERM {daemon.Id}"))
                {
                    if (!daemon.WaitForExit(10_000))
                        daemon.Kill();
                }
            }
        }
    }

    private void Start()
    {
        var host = Dns.GetHostName().Split('.')[0];
        File.WriteAllBytes(At("munge.key"), RandomNumberGenerator.GetBytes(1024));
        using (var chmod = Process.Start("chmod", ["400", At("munge.key")]))
            chmod.WaitForExit();
        Directory.CreateDirectory(At("state"));
        Directory.CreateDirectory(At("spool"));
        File.WriteAllText(At("slurm.conf"), $"""
            ClusterName=marrow
            SlurmctldHost={host}(127.0.0.1)
            SlurmctldPort={FreePort()}
            SlurmdPort={FreePort()}
            AuthType=auth/munge
            AuthInfo=socket={At("munge.socket")}
            SlurmUser=root
            SlurmdUser=root
            StateSaveLocation={At("state")}
            SlurmdSpoolDir={At("spool")}
            SlurmctldPidFile={At("slurmctld.pid")}
            SlurmdPidFile={At("slurmd.pid")}
            ProctrackType=proctrack/pgid
            TaskPlugin=task/none
            SelectType=select/cons_tres
            SelectTypeParameters=CR_CPU
            MpiDefault=none
            ReturnToService=2
            NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
            PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP

            """);
        Daemon(
            "munged",
            "--force",
            "--foreground",
            $"--key-file={At("munge.key")}",
            $"--socket={At("munge.socket")}",
            $"--log-file={At("munged.log")}",
            $"--pid-file={At("munged.pid")}",
            $"--seed-file={At("munged.seed")}");
        Wait(() => File.Exists(At("munge.socket")), "munged");
        Daemon("slurmctld", "-D", "-i");
        Daemon("slurmd", "-D");
        Wait(() => Try("sinfo --noheader --format=%T").Contains("idle", StringComparison.Ordinal), "the node");
    }

    private void Daemon(string program, params string[] arguments)
    {
        var daemon = Process.Start(
            With(
                new ProcessStartInfo(Find(program)!, arguments)
                {
                    RedirectStandardOutput = true,
                    RedirectStandardError = true,
                }
            )
        )!;
        var log = File.CreateText(At($"{program}.out"));
        log.AutoFlush = true;
        void Keep(object sender, DataReceivedEventArgs e)
        {
            lock (log)
                log.WriteLine(e.Data);
        }
        daemon.OutputDataReceived += Keep;
        daemon.ErrorDataReceived += Keep;
        daemon.BeginOutputReadLine();
        daemon.BeginErrorReadLine();
        _daemons.Add(daemon);
    }

    private void Wait(Func<bool> ready, string what)
    {
        for (var clock = Stopwatch.StartNew(); !ready(); Thread.Sleep(200))
        {
            if (_daemons.Find(d => d.HasExited) is not null || clock.Elapsed > TimeSpan.FromSeconds(90))
            {
                var said = Directory.GetFiles(_folder, "*.out").SelectMany(f => File.ReadLines(f).TakeLast(4));
                Assert.Skip($"SLURM can't run here: {what} did not come up. {string.Join('\n', said)}");
            }
        }
    }

    private string Try(string command)
    {
        using var process = Process.Start(
            With(new ProcessStartInfo("/bin/bash", ["-c", $"{command} 2>/dev/null"]) { RedirectStandardOutput = true })
        )!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return output;
    }

    private ProcessStartInfo With(ProcessStartInfo start)
    {
        start.Environment["SLURM_CONF"] = At("slurm.conf");
        return start;
    }

    private string At(string name) => Path.Combine(_folder, name);

    private static string? Find(string program) =>
        ((string[])["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"])
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists);

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

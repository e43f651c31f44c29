using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Marrow.Cli;
using Marrow.Cli.Doctor;
using Marrow.Computing;
using Spectre.Console.Testing;

namespace Marrow.Tests.Cli;

/// <summary>
/// marrow doctor: each check by itself, on what other machines would tell it; and the whole once, on this one.
/// </summary>
public sealed class DoctorTests : IDisposable
{
    private const long GiB = 1L << 30;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("linux-x64", Architecture.X64, "2.36", true)]
    [InlineData("linux-musl-x64", Architecture.X64, null, false)]
    [InlineData("linux-arm64", Architecture.Arm64, "2.36", false)]
    [InlineData("win-x64", Architecture.X64, null, true)]
    [InlineData("win-arm64", Architecture.Arm64, null, false)]
    [InlineData("osx-arm64", Architecture.Arm64, null, true)]
    [InlineData("osx-x64", Architecture.X64, null, false)]
    public void A_system_without_a_libtorch_is_a_problem(
        string rid,
        Architecture architecture,
        string? glibc,
        bool isFine)
    {
        var finding = ProgramChecks.Platform("A system", architecture, rid, glibc);
        Assert.Equal(isFine ? Verdict.Ok : Verdict.Problem, finding.Verdict);
        Assert.Equal(isFine, finding.Remedy is null);
    }

    [Theory]
    [InlineData("GLIBCXX_3.4.9\0GLIBCXX_3.4.29\0GLIBCXX_3.4.3\0", 29, nameof(Verdict.Problem), "container")]
    [InlineData("GLIBCXX_3.4.30\0GLIBCXX_3.4.31_extra\0", 30, nameof(Verdict.Ok), "mended copy of")]
    [InlineData("GLIBCXX_3.4.33\0", 33, nameof(Verdict.Ok), "no mended copy")]
    [InlineData("GLIBCXX_3.4\0", null, nameof(Verdict.Info), "not looked at")]
    public void The_cpp_library_is_judged_by_its_newest_version(
        string content,
        int? newest,
        string verdict,
        string said)
    {
        Assert.Equal(newest, ProgramChecks.NewestGlibcxx(Encoding.Latin1.GetBytes("\u007fELF" + content)));
        var finding = ProgramChecks.CppLibrary(newest);
        Assert.Equal(verdict, finding.Verdict.ToString());
        Assert.Contains(said, $"{finding.Found} {finding.Remedy}");
    }

    [Fact]
    public void An_sdk_of_another_version_builds_nothing_here()
    {
        Assert.Contains(
            "SDK 10.0.401",
            ProgramChecks.Runtime(new(10, 0, 12), ["9.0.300", "10.0.100", "10.0.401"]).Found);
        Assert.Contains("no SDK 10", ProgramChecks.Runtime(new(10, 0, 12), ["9.0.300"]).Found);
        Assert.Contains("commit c138982d4e5f", ProgramChecks.OwnVersion("0.1.0+c138982d4e5f6a7b").Found);
    }

    [Fact]
    public void Numbers_are_read_from_what_linux_tells()
    {
        const string memory = "MemTotal:       24646192 kB\nMemFree:  1 kB\nMemAvailable:   12345678 kB\n";
        Assert.Equal(24646192, ProcFiles.Kibibytes(memory, "MemTotal"));
        Assert.Equal(12345678, ProcFiles.Kibibytes(memory, "MemAvailable"));
        Assert.Null(ProcFiles.Kibibytes("", "MemTotal"));
        Assert.Equal("AMD EPYC", ProcFiles.Value("processor\t: 0\nmodel name\t: AMD EPYC\n", "model name"));
    }

    [Fact]
    public void Cores_that_others_use_and_a_quota_are_told()
    {
        var facts = new ThreadFacts { Cores = 4 };
        CheckResult Of(ThreadFacts facts) => MachineChecks.Threads(ThreadChoice.Of(facts, inExperiment: false));
        Assert.Equal((Verdict.Ok, "4 threads: 4 cores"), (Of(facts).Verdict, Of(facts).Found));
        Assert.Equal(Verdict.Ok, Of(facts with { Load = 0.1 }).Verdict);
        Assert.Equal(Verdict.Ok, Of(facts with { Quota = 2 }).Verdict);
        Assert.Equal("2 threads: a quota of 2.0 cores", Of(facts with { Quota = 2 }).Found);
        Assert.Equal(
            (Verdict.Warning, "2 threads: other processes keep 2.0 of 4 cores busy"),
            (Of(facts with { Load = 2 }).Verdict, Of(facts with { Load = 2 }).Found));
        Assert.Equal(Verdict.Warning, Of(facts with { Quota = 2, QuotaLoad = 1 }).Verdict);
        Assert.Equal(
            Verdict.Ok,
            MachineChecks.Threads(ThreadChoice.Explicit(1, ProcessThreads.Variable, facts)).Verdict);
        var many = MachineChecks.Threads(ThreadChoice.Explicit(16, ProcessThreads.Variable, facts));
        Assert.Equal((Verdict.Warning, "16 threads: OMP_NUM_THREADS, for 4 cores"), (many.Verdict, many.Found));
    }

    [Theory]
    [InlineData(16, 12, 16, nameof(Verdict.Ok), "16.0 GiB, 12.0 GiB of them free")]
    [InlineData(16, 1.2, 16, nameof(Verdict.Warning), "1.7 GiB")]
    [InlineData(16, 12, 1, nameof(Verdict.Warning), "a limit of 1.0 GiB")]
    [InlineData(16, 0.4, 16, nameof(Verdict.Problem), "raise the container's limit")]
    public void Memory_is_what_is_free_and_within_the_limit(
        double total,
        double free,
        double limit,
        string verdict,
        string said)
    {
        var finding = MachineChecks.Memory((long)(total * GiB), (long)(free * GiB), (long)(limit * GiB));
        Assert.Equal(verdict, finding.Verdict.ToString());
        Assert.Contains(said, $"{finding.Found} {finding.Remedy}");
    }

    [Fact]
    public void A_processor_without_AVX2_and_a_graphics_processor_get_advice()
    {
        Assert.Equal(
            Verdict.Warning,
            MachineChecks.Processor("Old", ["no vector instructions that libtorch uses"], false).Verdict);
        Assert.Contains("bfloat16", MachineChecks.Processor("New", ["AVX2", "AVX-512"], true).Found);
        Assert.Contains(
            "-p:Libtorch=cuda",
            MachineChecks.Graphics("NVIDIA UNIX x86_64 Kernel Module  550.54.14", CudaDevices.Remedy).Remedy);
        Assert.Null(MachineChecks.Graphics("NVIDIA UNIX x86_64 Kernel Module  550.54.14", null).Remedy);
        Assert.Null(MachineChecks.Graphics(null, CudaDevices.Remedy).Remedy);
    }

    [Fact]
    public void A_library_that_ends_its_process_is_told_with_what_was_known_before()
    {
        var findings = LibraryChecks
            .Judge(new("{\"library\":\"SkiaSharp\",\"found\":\"4\"}\n{\"library\":\"ONNX", 132, ""))
            .ToList();
        Assert.Equal(LibraryProbe.Names, findings.Select(f => f.Check));
        Assert.Equal([Verdict.Ok, Verdict.Problem, Verdict.Problem], findings.Select(f => f.Verdict));
        Assert.Contains("signal 4, an instruction that this processor does not have", findings[1].Found);
        Assert.All(findings.Skip(1), f => Assert.NotNull(f.Remedy));

        Assert.Contains("gave no answer in 60 s", LibraryChecks.Judge(new("", null, "")).First().Found);
        Assert.Contains(
            "code 1: no such file",
            LibraryChecks.Judge(new("", 1, "a line\nno such file\n")).First().Found);
    }

    [Theory]
    [InlineData("version `GLIBCXX_3.4.30' not found", "see libstdc++ above")]
    [InlineData("version `GLIBC_2.38' not found", "C library is too old")]
    [InlineData("a convolution in f32 gives wrong numbers", "Trust no result")]
    [InlineData("cannot open shared object file", "-p:Libtorch=none")]
    public void Each_way_of_failing_has_its_remedy(string error, string remedy)
    {
        var output = new StringWriter();
        LibraryProbe.Probe(output, LibraryProbe.Torch, () =>
            throw new TypeInitializationException("torch", new DllNotFoundException(error)));
        LibraryProbe.Probe(output, LibraryProbe.Skia, () => "4");
        LibraryProbe.Probe(output, LibraryProbe.Onnx, () => "1");
        var finding = LibraryChecks.Judge(new(output.ToString(), 0, "")).Single(f => f.Verdict == Verdict.Problem);
        Assert.Equal(LibraryProbe.Torch, finding.Check);
        Assert.Contains("DllNotFoundException", finding.Found);
        Assert.Contains(remedy, finding.Remedy);
    }

    [Fact]
    public void A_folder_is_judged_by_what_it_is_for()
    {
        var there = new FolderFacts(
            "/x",
            Exists: true,
            IsOther: false,
            CanRead: true,
            CanWrite: true,
            FreeBytes: 50 * GiB);
        var readOnly = there with { CanWrite = false };
        var absent = there with { Exists = false };
        Assert.Equal(Verdict.Warning, FolderChecks.Current(readOnly).Verdict);
        Assert.Equal(
            (Verdict.Ok, Verdict.Warning),
            (FolderChecks.Cache(absent, null).Verdict, FolderChecks.Cache(readOnly, null).Verdict));
        Assert.Contains("it is a link", FolderChecks.Cache(there, "it is a link").Found);
        Assert.Equal(
            (Verdict.Ok, Verdict.Info, Verdict.Info),
            (
                FolderChecks.Hub(there, 3).Verdict,
                FolderChecks.Hub(readOnly, 3).Verdict,
                FolderChecks.Hub(absent, 0).Verdict));
        Assert.Equal(Verdict.Problem, FolderChecks.Hub(absent with { IsOther = true }, 0).Verdict);
        Assert.Equal(Verdict.Problem, FolderChecks.Hub(there with { CanRead = false }, 0).Verdict);
        Assert.Equal(
            (Verdict.Ok, Verdict.Problem),
            (FolderChecks.Data("data a", readOnly, "").Verdict, FolderChecks.Data("data a", absent, "").Verdict));
        Assert.Equal(Verdict.Warning, FolderChecks.Temporary(absent).Verdict);
        Assert.Contains("Make room", FolderChecks.Current(there with { FreeBytes = 1000 }).Remedy);
    }

    [Fact]
    public void Folders_are_seen_as_they_are_and_left_as_they_are()
    {
        var file = Path.Combine(_folder.Path, "file");
        File.WriteAllText(file, "");
        Assert.True(
            FolderFacts.Of(_folder.Path)
                is { Exists: true, IsOther: false, CanRead: true, CanWrite: true, FreeBytes: > 0 }
        );
        Assert.True(FolderFacts.Of(_folder["a/b/c"]) is { Exists: false, IsOther: false, CanWrite: true });
        Assert.True(FolderFacts.Of(file) is { Exists: false, IsOther: true, CanWrite: false });
        Assert.Equal(["file"], Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void Values_of_variables_that_may_be_secrets_are_not_shown()
    {
        var findings = EnvironmentChecks.Variables(new Dictionary<string, string>
        {
            ["OMP_NUM_THREADS"] = "3",
            ["MARROW_REGISTRY_PASSWORD"] = "hunter2",
            ["ONEDNN_MAX_CPU_ISA"] = "AVX2",
            ["MKL_CBWR"] = "",
            ["AWS_SECRET"] = "hunter3",
        }).ToDictionary(f => f.Check);
        Assert.Equal(
            ["MARROW_REGISTRY_PASSWORD", "OMP_NUM_THREADS", "ONEDNN_MAX_CPU_ISA"],
            findings.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain("hunter", string.Concat(findings.Values));
        Assert.Equal(("3", Verdict.Info), (findings["OMP_NUM_THREADS"].Found, findings["OMP_NUM_THREADS"].Verdict));
        Assert.Equal(Verdict.Warning, findings["ONEDNN_MAX_CPU_ISA"].Verdict);
    }

    [Fact]
    public void Programs_that_are_missing_are_no_fault_and_say_what_they_are_for()
    {
        var finding = EnvironmentChecks.Program(
            "registry",
            ["docker-registry", "htpasswd"],
            "the tests of push and pull",
            "docker-registry apache2-utils",
            name => name == "htpasswd");
        Assert.Equal(
            (Verdict.Info, "no docker-registry; only the tests of push and pull need it"),
            (finding.Verdict, finding.Found));
        Assert.Equal(
            Verdict.Ok,
            EnvironmentChecks.Program("SLURM", ["sbatch"], "marrow experiment --slurm", "slurm-wlm", _ => true).Verdict
        );
    }

    [Theory]
    [InlineData("/home/anna", "/home/anna/hub: writable", "~/hub: writable")]
    [InlineData("/home/anna", "(/home/anna) /home/annabel /data/home/anna", "(~) /home/annabel /data/home/anna")]
    [InlineData("/home/anna/", "/home/anna and '/home/anna/x'", "~ and '~/x'")]
    [InlineData("/", "/tmp/x", "/tmp/x")]
    [InlineData(null, "/tmp/x", "/tmp/x")]
    public void The_users_folder_is_written_as_a_tilde(string? home, string text, string shown) =>
        Assert.Equal(shown, new HomeFolder(home).Hide(text));

    [Theory]
    [InlineData(0, 0, "Marrow can work here.")]
    [InlineData(0, 1, "Marrow can work here, with one warning.")]
    [InlineData(2, 3, "Marrow can't work here as it is: 2 problems, 3 warnings.")]
    public void The_last_sentence_says_whether_marrow_can_work(int problems, int warnings, string sentence) =>
        Assert.Equal(sentence, DoctorReport.Sentence(problems, warnings));

    [Fact]
    public void The_report_fits_a_terminal_of_80_columns()
    {
        var console = new TestConsole().Width(80);
        DoctorReport.Draw(
            console,
            Diagnosis.Of(
                "0.1.0",
                [
                    .. ProgramChecks.All("0.1.0+c138982d"),
                    .. MachineChecks.All(),
                    .. FolderChecks.All(null, new Dictionary<string, string>()),
                    .. EnvironmentChecks.All(),
                    new(
                        "Libraries",
                        "libtorch",
                        Verdict.Problem,
                        string.Join(' ', Enumerable.Repeat("what it said", 30)),
                        string.Join(' ', Enumerable.Repeat("what to do", 30))),
                ],
                new HomeFolder()));
        Assert.All(console.Lines, line => Assert.InRange(line.TrimEnd().Length, 0, 80));
        Assert.Contains(console.Lines, line => line.StartsWith("  PROBLEM  libtorch", StringComparison.Ordinal));
    }

    [Fact]
    public void This_machine_can_work_and_a_folder_that_is_not_there_is_a_problem()
    {
        // In one process with the other tests: the native libraries are tried in a process of their own.
        var (code, output, error) = HostileRun.Call(
            "doctor",
            "--json",
            "--data",
            $"films={_folder["absent"]}",
            "--hub",
            _folder.Path);
        Assert.Equal((ExitCode.Failed, ""), (code, error));
        var diagnosis = HostileRun.Json(output);
        Assert.False(diagnosis.GetProperty("usable").GetBoolean());
        Assert.Equal(CommandLine.Version(), diagnosis.GetProperty("marrow").GetString());
        var checks = diagnosis
            .GetProperty("checks")
            .EnumerateArray()
            .ToDictionary(c => c.GetProperty("check").GetString()!);
        Assert.All(LibraryProbe.Names, name => Assert.Equal("ok", Text(checks[name], "verdict")));
        Assert.Contains("2.10.0; a convolution is right in f32", Text(checks[LibraryProbe.Torch], "found"));
        Assert.Equal(
            ["data films"],
            checks.Values.Where(c => Text(c, "verdict") == "problem").Select(c => Text(c, "check")));
        Assert.Contains("--data", Text(checks["data films"], "remedy"));
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        if (home.Length > 1)
            Assert.DoesNotContain($"{home}/", output);

        static string Text(JsonElement check, string name) => check.GetProperty(name).GetString()!;
    }
}

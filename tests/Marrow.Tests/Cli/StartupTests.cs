using System.Diagnostics;
using Marrow.Cli;
using Marrow.Cli.Doctor;

namespace Marrow.Tests.Cli;

/// <summary>What the program needs before it computes anything: real processes.</summary>
public sealed class StartupTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static (int Code, string Output, string Error) Start(
        string program,
        string[] args,
        params (string Name, string Value)[] variables)
    {
        var start = new ProcessStartInfo("dotnet", ["exec", program, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in variables)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, error.Result);
    }

    [Theory]
    [InlineData("--version")]
    [InlineData("--help")]
    [InlineData("hub import --help")] // which lists names that the library knows
    [InlineData("hub list")]
    public void What_computes_nothing_opens_no_file_of_libtorch(string line)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The loader of Linux tells what it opens.");
        string[] args = [.. line.Split(' '), .. line == "hub list" ? (string[])["--hub", _folder.Path] : []];
        var (code, output, error) = Start(
            Path.Combine(AppContext.BaseDirectory, "Marrow.Cli.dll"),
            args,
            ("LD_DEBUG", "files"),
            ("LD_DEBUG_OUTPUT", _folder["opened"]),
            ("XDG_CACHE_HOME", _folder["cache"]));
        Assert.True(code == ExitCode.Done, error);
        Assert.NotEmpty(output);
        var opened = string.Concat(Directory.GetFiles(_folder.Path, "opened*").Select(File.ReadAllText));
        Assert.Contains("libcoreclr.so", opened);
        Assert.DoesNotContain("torch", opened, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("libSkiaSharp", opened);
        if (!line.StartsWith("hub list", StringComparison.Ordinal))
            Assert.False(Directory.Exists(_folder["cache"]));
    }

    [Fact]
    public void Without_libtorch_help_is_given_and_doctor_says_what_is_missing()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links are the user's own on Unix.");
        // The program's files but the native libraries; without its list of dependencies it takes those that lie beside
        // it.
        foreach (var path in Directory.GetFiles(AppContext.BaseDirectory, "*.dll"))
            File.CreateSymbolicLink(_folder[Path.GetFileName(path)], path);
        var program = _folder["Marrow.Cli.dll"];
        File.Delete(program);
        foreach (var name in (string[])["Marrow.Cli.dll", "Marrow.Cli.runtimeconfig.json"])
            File.Copy(Path.Combine(AppContext.BaseDirectory, name), _folder[name]);

        Assert.Equal(ExitCode.Done, Start(program, ["--help"]).Code);
        var (code, output, error) = Start(program, ["doctor", "--json", "--hub", _folder.Path]);
        Assert.Equal((ExitCode.Failed, ""), (code, error));
        var checks = HostileRun
            .Json(output)
            .GetProperty("checks")
            .EnumerateArray()
            .ToDictionary(c => c.GetProperty("check").GetString()!);
        Assert.Equal("problem", checks[LibraryProbe.Torch].GetProperty("verdict").GetString());
        Assert.Contains("TorchSharp", checks[LibraryProbe.Torch].GetProperty("found").GetString());
        Assert.Contains("-p:Libtorch=none", checks[LibraryProbe.Torch].GetProperty("remedy").GetString());
        Assert.Equal("ok", checks["memory"].GetProperty("verdict").GetString());
    }
}

using Marrow.Computing;
using TorchSharp;

namespace Marrow.Tests.Computing;

public sealed class InstalledLibtorchTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("marrow-torch-").FullName;

    private string Lib => Path.Combine(_home, "lib");

    [Fact]
    public void The_wanted_version_is_the_one_that_TorchSharp_was_built_for() =>
        Assert.Equal($"{InstalledLibtorch.WantedVersion}.0", torch.__version__);

    [Fact]
    public void A_PyTorch_of_that_version_is_taken_whatever_it_was_built_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "An installed PyTorch is loaded on Linux only.");
        Install($"debug = False\n__version__ = '{InstalledLibtorch.WantedVersion}+cu128'\n", "version.py");
        InstalledLibtorch.Check(Lib, own: null);
        File.Delete(Path.Combine(_home, "version.py"));
        File.WriteAllText(Path.Combine(_home, "build-version"), $"{InstalledLibtorch.WantedVersion}+cpu\n");
        InstalledLibtorch.Check(Lib, own: null);
    }

    [Fact]
    public void One_of_another_version_is_refused_with_both_versions()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "An installed PyTorch is loaded on Linux only.");
        Install("__version__ = '1.13.0a0'\n", "version.py");
        Refuses(
            $"MARROW_LIBTORCH={Lib}: expected PyTorch {InstalledLibtorch.WantedVersion}, for which TorchSharp was "
                + $"built, found 1.13.0a0. "
        );
    }

    [Fact]
    public void A_folder_without_its_libraries_or_without_a_version_is_refused()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "An installed PyTorch is loaded on Linux only.");
        Refuses("the folder 'lib' of an installed PyTorch, with libc10.so");
        Install("no version here\n", "version.py");
        Refuses("tells its version");
    }

    [Fact]
    public void Beside_a_libtorch_of_the_programs_own_there_is_no_place_for_another()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "An installed PyTorch is loaded on Linux only.");
        Install($"__version__ = '{InstalledLibtorch.WantedVersion}'\n", "version.py");
        Refuses(
            "expected a Marrow without a libtorch of its own, found /own/libtorch_cpu.so. Build it with "
                + "-p:Libtorch=none",
            own: "/own/libtorch_cpu.so");
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    private void Install(string version, string file)
    {
        Directory.CreateDirectory(Lib);
        foreach (var library in (string[])["libc10.so", "libtorch_cpu.so", "libtorch.so"])
            File.WriteAllText(Path.Combine(Lib, library), "");
        File.WriteAllText(Path.Combine(_home, file), version);
    }

    private void Refuses(string words, string? own = null) =>
        Assert.Contains(
            words,
            Assert.Throws<MarrowException>(() => InstalledLibtorch.Check(Lib, own)).Message,
            StringComparison.Ordinal);
}

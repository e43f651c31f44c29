using System.Globalization;
using Marrow.Native;
using Marrow.Tests.Checkpoints;
using static TorchSharp.torch;

namespace Marrow.Tests;

[Collection(GlobalGenerator.Name)]
public class KeptMemoryTests
{
    private const int Numbers = 6 << 20; // 24 MiB of float32, above what the C library maps apart by default

    [Fact]
    public void Memory_that_a_step_frees_is_not_fetched_from_the_system_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mallopt is the GNU C library's.");
        KeptMemory.Ask();
        Fill();
        var before = Faults();
        for (var i = 0; i < 4; i++)
            Fill();
        // Each filling has so many pages. The first one may lie elsewhere than those that follow, which then fetch once more.
        var pages = Numbers * sizeof(float) / Environment.SystemPageSize;
        Assert.InRange(Faults() - before, 0, 2 * pages);
    }

    private static void Fill() => ones(Numbers).Dispose();

    /// <summary>Field 10 of /proc/self/stat (proc(5)): page faults that read nothing from a disk.</summary>
    private static long Faults()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
    }
}

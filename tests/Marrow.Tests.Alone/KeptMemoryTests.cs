using System.Globalization;
using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Tests;

public class KeptMemoryTests
{
    // 48 MiB of float32: the C library maps such a block apart, whatever it learns of the sizes that are freed.
    private const int Numbers = 12 << 20;

    [Fact]
    public void Memory_that_a_step_frees_is_not_fetched_from_the_system_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mallopt is the GNU C library's.");
        KeptMemory.Ask();
        Fill();
        // Each filling has so many pages, all of them fetched each time where nothing is kept. Other tests of the
        // process may take what was kept, so that one of several fillings is enough.
        var pages = Numbers * sizeof(float) / Environment.SystemPageSize;
        Assert.InRange(Enumerable.Range(0, 12).Min(_ => FaultsOfFilling()), 0, pages / 4);
    }

    private static long FaultsOfFilling()
    {
        var before = Faults();
        Fill();
        return Faults() - before;
    }

    private static void Fill() => ones(Numbers).Dispose();

    /// <summary>Field 10 of /proc/self/stat (proc(5)): page faults that read nothing from a disk.</summary>
    private static long Faults()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
    }
}

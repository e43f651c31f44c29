using System.Globalization;
using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Tests;

public class KeptMemoryTests
{
    /// <param name="numbers">
    /// Of float32: 24 MiB, above what the C library maps apart by default, and 48 MiB, which it maps apart whatever it
    /// learns of the sizes that are freed.
    /// </param>
    [Theory]
    [InlineData(6 << 20)]
    [InlineData(12 << 20)]
    public void Memory_that_a_step_frees_is_not_fetched_from_the_system_again(int numbers)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "mallopt is the GNU C library's.");
        KeptMemory.Ask();
        Fill(numbers);
        // Each filling has so many pages, all of them fetched each time where nothing is kept. Other tests of the
        // process may take what was kept, so that one of several fillings is enough.
        var pages = numbers * sizeof(float) / Environment.SystemPageSize;
        Assert.InRange(Enumerable.Range(0, 12).Min(_ => FaultsOfFilling(numbers)), 0, pages / 4);
    }

    private static long FaultsOfFilling(int numbers)
    {
        var before = Faults();
        Fill(numbers);
        return Faults() - before;
    }

    private static void Fill(int numbers) => ones(numbers).Dispose();

    /// <summary>Field 10 of /proc/self/stat (proc(5)): page faults that read nothing from a disk.</summary>
    private static long Faults()
    {
        var stat = File.ReadAllText("/proc/self/stat");
        return long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[7], CultureInfo.InvariantCulture);
    }
}

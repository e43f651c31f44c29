using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Imaging;

namespace Marrow.Soak;

/// <summary>
/// Flips one bit of one file of a stored checkpoint (each file as often, its manifest too), expects that verifying
/// names exactly that file and that loading refuses it, and flips it back.
/// </summary>
public static class BitFlipSoak
{
    private const int CasesPerLine = 1000;

    /// <summary>On a checkpoint of the smallest model, made for it.</summary>
    public static SoakReport Run(long cases, ulong seed, Action<string> say)
    {
        var folder = Directory.CreateTempSubdirectory("marrow-soak-").FullName;
        try
        {
            string path;
            using (var saved = SoakCheckpoint.Save(folder, "densenet-mini.soak"))
                path = saved.Path;
            return Run(path, cases, seed, say);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>On any checkpoint in its place in a hub; it is as before afterwards.</summary>
    public static SoakReport Run(string checkpointFolder, long cases, ulong seed, Action<string> say)
    {
        var hub = new LocalHub(Path.GetDirectoryName(Path.GetDirectoryName(checkpointFolder))!);
        var files = Directory.GetFiles(checkpointFolder).Order(StringComparer.Ordinal).ToArray();
        var (counts, faults) = (
            new SortedDictionary<string, long> { ["noticed by verify"] = 0, ["noticed by load"] = 0 },
            new List<string>());
        if (!hub.Verify(checkpointFolder).IsWhole)
            faults.Add($"{checkpointFolder}: damaged before the first flip");
        for (var number = 0L; number < cases; number++)
        {
            var random = SeededRandom.Fork(seed, number);
            var path = files[random.Next(files.Length)];
            var (position, bit) = (random.Next((int)new FileInfo(path).Length), random.Next(8));
            var name = Path.GetFileName(path);
            counts[name] = counts.GetValueOrDefault(name) + 1;
            Flip(path, position, bit);
            try
            {
                var found = hub.Verify(checkpointFolder).Faults;
                if (found is [{ } fault] && fault.Path == path)
                    counts["noticed by verify"]++;
                else
                    faults.Add(
                        $"seed {seed}, case {number}: bit {bit} of byte {position} of {name}: verify found "
                            + $"{found.Count} faults"
                    );
                if (RefusesToLoad(checkpointFolder, path))
                    counts["noticed by load"]++;
                else
                    faults.Add(
                        $"seed {seed}, case {number}: bit {bit} of byte {position} of {name}: not refused by load");
            }
            finally
            {
                Flip(path, position, bit);
            }
            if ((number + 1) % CasesPerLine == 0)
                say($"{number + 1:N0} flips, {faults.Count} not noticed");
        }
        if (!hub.Verify(checkpointFolder).IsWhole)
            faults.Add($"{checkpointFolder}: damaged after the last flip");
        return new("bit-flips", cases, counts, faults);
    }

    private static bool RefusesToLoad(string folder, string path)
    {
        try
        {
            Checkpoint.Load(folder).Dispose();
            return false;
        }
        catch (MarrowException e)
        {
            return e.Message.StartsWith(path, StringComparison.Ordinal);
        }
    }

    private static void Flip(string path, int position, int bit)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, 1);
        file.Position = position;
        var value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 1 << bit));
    }
}

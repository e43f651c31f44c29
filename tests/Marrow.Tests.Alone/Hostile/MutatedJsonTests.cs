using System.Security.Cryptography;
using System.Text;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Tests.Checkpoints;
using Marrow.Training.Runs;

namespace Marrow.Tests.Hostile;

/// <summary>
/// Documents of JSON with values exchanged, bytes changed and parts cut out: each is read or refused by a
/// MarrowException, whatever comes out of it. Those of checkpoints are sealed again, as an attacker would.
/// </summary>
[Collection(nameof(HostileRun))]
public sealed class MutatedJsonTests(HostileRun run)
{
    private static readonly string[] Values =
    [
        "null", "true", "0", "-1", "1e999", "\"NaN\"", "2147483648", "99999999999", "0.5", "\"\"", "\"classify\"", "\"x\"", "[]", "[null]", "[[]]", "{}",
        "{\"a\": null}", "[1, 2, 3]", "[-1, 0, 1, 99999]", "\"densenet121\"", "\"retinanet-densenet-mini\"", "4096", "\"\\ud800\"",
    ];

    /// <summary>One value exchanged for another, a byte changed, or a stretch cut out.</summary>
    private static byte[] Mutate(byte[] document, SeededRandom random)
    {
        var bytes = document.ToList();
        switch (random.Next(4))
        {
            case 0:
                bytes[random.Next(bytes.Count)] = (byte)random.Next(256);
                break;
            case 1:
                var at = random.Next(bytes.Count);
                bytes.RemoveRange(at, Math.Min(bytes.Count - at, 1 + random.Next(60)));
                break;
            default:
                var text = Encoding.UTF8.GetString(document);
                var values = System.Text.RegularExpressions.Regex.Matches(text, "(?<=\": ?)(\"[^\"]*\"|[-0-9.eE+]+|true|false|null|\\[[^\\[\\]{}]*\\]|\\{[^{}]*\\})");
                var value = values[random.Next(values.Count)];
                return Encoding.UTF8.GetBytes(string.Concat(text.AsSpan(0, value.Index), Values[random.Next(Values.Length)], text.AsSpan(value.Index + value.Length)));
        }
        return [.. bytes];
    }

    private static int Refusals(byte[] document, int count, ulong seed, Action<byte[]> read)
    {
        var random = new SeededRandom(seed);
        var refused = 0;
        for (var i = 0; i < count; i++)
        {
            var mutated = Mutate(document, random);
            try
            {
                read(mutated);
            }
            catch (MarrowException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Assert.Fail($"{e.GetType().Name}: {e.Message}\n{Encoding.UTF8.GetString(mutated)}\n{e.StackTrace}");
            }
        }
        return refused;
    }

    [Theory]
    [InlineData("densenet-mini.chests", "config.json", 150)]
    [InlineData("cobb-densenet-mini.spines", "config.json", 100)]
    [InlineData("retinanet-densenet-mini.spines", "config.json", 250)]
    [InlineData("cobb-densenet-mini.spines", "golden.json", 150)]
    [InlineData("cobb-densenet-mini.spines", "metrics.json", 60)]
    [InlineData("cobb-densenet-mini.spines", "receipt.json", 60)]
    [InlineData("cobb-densenet-mini.spines", "checkpoint.json", 150)]
    public void A_sealed_checkpoint_of_hostile_documents_is_used_or_refused(string name, string file, int count)
    {
        var folder = run.Copy(run.Checkpoint(name), "hostile");
        var path = Path.Combine(folder, file);
        var refused = Refusals(File.ReadAllBytes(path), count, (ulong)count, mutated =>
        {
            File.WriteAllBytes(path, mutated);
            Seal(folder, file);
            using var checkpoint = Checkpoint.Load(folder);
            using var task = checkpoint.BuildTask();
        });
        Assert.InRange(refused, 1, count);
    }

    /// <summary>Makes the manifest true of a changed file, and its own digest true of it.</summary>
    private static void Seal(string folder, string file)
    {
        var path = Path.Combine(folder, "checkpoint.json");
        var text = File.ReadAllText(path, Encoding.Latin1);
        if (file != "checkpoint.json")
        {
            var changed = File.ReadAllBytes(Path.Combine(folder, file));
            text = System.Text.RegularExpressions.Regex.Replace(text, $"(\"path\": \"{file}\",\\s*\"bytes\": )[0-9]+(,\\s*\"sha256\": \")[0-9a-f]*",
                m => $"{m.Groups[1].Value}{changed.Length}{m.Groups[2].Value}{Convert.ToHexStringLower(SHA256.HashData(changed))}");
        }
        var start = "{\n  \"digest\": \"sha256:".Length;
        if (text.Length < start + 64)
            return;
        var open = string.Concat(text.AsSpan(0, start), new string('0', 64), text.AsSpan(start + 64));
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(open)));
        File.WriteAllText(path, string.Concat(text.AsSpan(0, start), digest, text.AsSpan(start + 64)), Encoding.Latin1);
    }

    [Fact]
    public void The_documents_of_a_run_are_read_or_refused()
    {
        using var folder = new TemporaryFolder();
        var result = File.ReadAllBytes(Path.Combine(run.Run, "cobb", "result.json"));
        Assert.InRange(Refusals(result, 400, 1, bytes =>
        {
            File.WriteAllBytes(folder["result.json"], bytes);
            RunFolder.FindResult(folder.Path, run.Hub);
        }), 50, 400);

        var data = DatasetCatalogue.Open(new() { Name = "spines", Format = "spineweb16", Root = run.Spines });
        var split = File.ReadAllBytes(Path.Combine(run.Run, "cobb", "split.json"));
        Assert.InRange(Refusals(split, 400, 2, bytes =>
        {
            File.WriteAllBytes(folder["split.json"], bytes);
            PatientSplit.Load(folder["split.json"], data.Samples);
        }), 50, 400);
    }
}

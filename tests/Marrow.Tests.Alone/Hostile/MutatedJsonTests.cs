using System.Text;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Imaging;
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
        "null",
        "true",
        "0",
        "-1",
        "1e999",
        "\"NaN\"",
        "2147483648",
        "99999999999",
        "0.5",
        "\"\"",
        "\"classify\"",
        "\"x\"",
        "[]",
        "[null]",
        "[[]]",
        "{}",
        "{\"a\": null}",
        "[1, 2, 3]",
        "[-1, 0, 1, 99999]",
        "\"densenet121\"",
        "\"retinanet-densenet-mini\"",
        "4096",
        "\"\\ud800\"",
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
                var values = System.Text.RegularExpressions.Regex.Matches(
                    text,
                    "(?<=\": ?)(\"[^\"]*\"|[-0-9.eE+]+|true|false|null|\\[[^\\[\\]{}]*\\]|\\{[^{}]*\\})");
                var value = values[random.Next(values.Count)];
                return Encoding.UTF8.GetBytes(
                    string.Concat(
                        text.AsSpan(0, value.Index),
                        Values[random.Next(Values.Length)],
                        text.AsSpan(value.Index + value.Length)));
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
            ChangedCheckpoint.Seal(folder, file);
            using var checkpoint = Checkpoint.Load(folder);
            using var task = checkpoint.BuildTask();
        });
        Assert.InRange(refused, 1, count);
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

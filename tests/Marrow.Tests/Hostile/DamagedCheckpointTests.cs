using System.Security.Cryptography;
using System.Text;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Imaging;

namespace Marrow.Tests.Hostile;

public sealed class DamagedCheckpointTests : IDisposable
{
    private const int FlipsPerFile = 100;
    private readonly TemporaryFolder _folder = new();
    private readonly string _checkpoint;

    public DamagedCheckpointTests()
    {
        using var model = Drafts.Model();
        var receipt = WarmStart.Apply(
            model,
            "densenet-mini",
            WeightSource.Of("itself", model.state_dict(), "densenet-mini"));
        using var saved = (Drafts.Of(model) with { Receipt = receipt }).Save(_folder.Path);
        _checkpoint = saved.Path;
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Any_flipped_bit_in_any_file_is_noticed(bool folderKeepsItsName)
    {
        var folder = folderKeepsItsName ? _checkpoint : _folder["renamed"];
        if (!folderKeepsItsName)
            Directory.Move(_checkpoint, folder);
        Checkpoint.Load(folder).Dispose();

        var random = new SeededRandom(11);
        var files = Directory.GetFiles(folder);
        Assert.Equal(7, files.Length);
        foreach (var path in files)
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
            for (var flip = 0; flip < FlipsPerFile; flip++)
            {
                var position = random.Next((int)file.Length);
                var mask = (byte)(1 << random.Next(8));
                Flip(file, position, mask);
                var error = Assert.Throws<MarrowException>(() => Checkpoint.Load(folder));
                Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
                Flip(file, position, mask);
            }
        }
        Checkpoint.Load(folder).Dispose();
    }

    [Fact]
    public void Every_bit_of_the_manifests_first_lines_is_held()
    {
        var path = Path.Combine(_checkpoint, "checkpoint.json");
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        for (var bit = 0; bit < 8 * 120; bit++)
        {
            Flip(file, bit / 8, (byte)(1 << (bit % 8)));
            Assert.Throws<MarrowException>(() => Checkpoint.Load(_checkpoint));
            Flip(file, bit / 8, (byte)(1 << (bit % 8)));
        }
    }

    private static void Flip(FileStream file, int position, byte mask)
    {
        file.Position = position;
        var value = (byte)(file.ReadByte() ^ mask);
        file.Position = position;
        file.WriteByte(value);
        file.Flush();
    }

    [Fact]
    public void Absent_cut_and_lengthened_files_are_noticed()
    {
        foreach (var path in Directory.GetFiles(_checkpoint))
        {
            var original = File.ReadAllBytes(path);
            foreach (var other in new[] { null, [], original[..^1], [.. original, 0] })
            {
                File.Delete(path);
                if (other is not null)
                    File.WriteAllBytes(path, other);
                Assert.StartsWith(
                    path,
                    Assert.Throws<MarrowException>(() => Checkpoint.Load(_checkpoint)).Message,
                    StringComparison.Ordinal);
            }
            File.WriteAllBytes(path, original);
        }
    }

    [Fact]
    public void A_checkpoint_put_in_the_place_of_another_is_noticed()
    {
        var other = Path.Combine(Path.GetDirectoryName(_checkpoint)!, new string('0', 64));
        Directory.Move(_checkpoint, other);
        Assert.Contains(
            "the folder's name",
            Assert.Throws<MarrowException>(() => Checkpoint.Load(other)).Message,
            StringComparison.Ordinal);
    }

    // A manifest whose digest is right but whose contents were made to harm.
    [Theory]
    [InlineData("\"path\": \"README.md\"", "\"path\": \"../../x\"", "plain file names")]
    [InlineData("\"path\": \"README.md\"", "\"path\": \"C:\\\\x\"", "plain file names")]
    [InlineData("\"path\": \"README.md\"", "\"path\": \"/etc/passwd\"", "plain file names")]
    [InlineData("\"path\": \"README.md\"", "\"path\": \"Config.json\"", "each file once")]
    [InlineData("\"path\": \"README.md\"", "\"path\": null", "null")]
    [InlineData("\"path\": \"config.json\"", "\"path\": \"absent.json\"", "can't be read")]
    [InlineData("\"name\": \"densenet-mini.phantom\"", "\"name\": \"../x.y\"", "a name such as")]
    [InlineData("\"format\": \"marrow-checkpoint/1\"", "\"format\": \"marrow-checkpoint/2\"", "marrow-checkpoint/2")]
    [InlineData("\"files\": [", "\"files\": 3, \"more\": [", "JSON of a CheckpointManifest")]
    [InlineData("\"created\": \"2024", "\"created\": \"x", "JSON of a CheckpointManifest")]
    [InlineData("\"parents\": {", "\"parents\": {}, \"parents\": {", "JSON of a CheckpointManifest")]
    public void A_hostile_manifest_is_refused(string original, string replacement, string cause)
    {
        var folder = _folder["hostile"];
        Directory.Move(_checkpoint, folder);
        var path = Path.Combine(folder, "checkpoint.json");
        var text = File.ReadAllText(path);
        Assert.Contains(original, text, StringComparison.Ordinal);
        var digest = text[text.IndexOf("sha256:", StringComparison.Ordinal)..][7..71];
        var changed = text.Replace(digest, new string('0', 64), StringComparison.Ordinal)
            .Replace(original, replacement, StringComparison.Ordinal);
        var made = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(changed)));
        File.WriteAllText(
            path,
            changed.Replace("sha256:" + new string('0', 64), "sha256:" + made, StringComparison.Ordinal));
        Assert.Contains(
            cause,
            Assert.Throws<MarrowException>(() => Checkpoint.Load(folder)).Message,
            StringComparison.Ordinal);
    }
}

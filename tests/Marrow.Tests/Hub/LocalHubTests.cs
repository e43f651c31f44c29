using Marrow.Hub;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Hub;

public sealed class LocalHubTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Module _model = Drafts.Model();
    private readonly LocalHub _hub;

    public LocalHubTests() => _hub = new(_folder["hub"]);

    public void Dispose()
    {
        _folder.Dispose();
        _model.Dispose();
    }

    private string Save(string name, int day)
    {
        using var saved = (
            Drafts.Of(_model) with
            {
                Name = name,
                Created = new(2024, 1, day, 0, 0, 0, TimeSpan.Zero),
            }
        ).Save(_hub.Folder);
        return saved.Digest;
    }

    [Fact]
    public void A_name_is_the_checkpoint_created_last_and_a_digest_exactly_one()
    {
        var old = Save("densenet-mini.a", 3);
        var newest = Save("densenet-mini.a", 9);
        var middle = Save("densenet-mini.a", 5);
        Save("densenet-mini.b", 20);

        Assert.Equal(newest, Digest("densenet-mini.a"));
        Assert.Equal(old, Digest($"densenet-mini.a@{old}"));
        Assert.Equal(middle, Digest($"densenet-mini.a@{middle[..16]}"));
        Assert.Equal(
            [newest, middle, old],
            _hub.List().Where(e => e.Name == "densenet-mini.a").Select(e => e.Digest.ToString()));

        string Digest(string reference)
        {
            using var checkpoint = _hub.Resolve(reference);
            return checkpoint.Digest;
        }
    }

    [Fact]
    public void Folders_and_weight_files_are_references_too()
    {
        var digest = Save("densenet-mini.a", 1);
        var folder = _hub.List().Single().Folder;
        using var byFolder = _hub.Resolve(folder);
        Assert.Equal(digest, byFolder.Digest);

        var copy = _folder["elsewhere"];
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.GetFiles(folder))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        using var copied = _hub.Resolve(copy);
        Assert.Equal(digest, copied.Digest);

        using var byFile = _hub.Resolve(Path.Combine(folder, "model.safetensors"));
        Assert.Equal(digest, byFile.Digest);

        File.Copy(Path.Combine(folder, "model.safetensors"), _folder["bare.safetensors"]);
        using var weights = _hub.Resolve(_folder["bare.safetensors"]);
        Assert.True(weights.WeightsOnly);
        Assert.Equal("bare", weights.Name);
        Assert.Contains(
            "weights alone",
            Assert.Throws<MarrowException>(() => weights.Config).Message,
            StringComparison.Ordinal);
        Assert.Equal(byFolder.Weights.Entries.Count, weights.Weights.Entries.Count);
    }

    [Theory]
    [InlineData("densenet-mini.c")]
    [InlineData("densenet-mini")]
    [InlineData("../hub")]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("missing.safetensors")]
    public void What_is_unknown_is_answered_with_what_is_known(string reference)
    {
        Save("densenet-mini.a", 1);
        Save("densenet-mini.b", 1);
        var error = Assert.Throws<MarrowException>(() => _hub.Resolve(reference));
        Assert.Contains("knows: densenet-mini.a, densenet-mini.b.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_digest_that_fits_none_or_is_too_short_is_answered_with_the_known_ones()
    {
        var digest = Save("densenet-mini.a", 1);
        foreach (var digits in new[] { "", digest[7..9], "zzzz", "0000000000000000" })
        {
            var error = Assert.Throws<MarrowException>(() => _hub.Resolve("densenet-mini.a@sha256:" + digits));
            Assert.Contains($"Known: {digest[7..19]}.", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_checkpoint_is_listed_with_its_problem_and_never_passed_over_for_an_older_one()
    {
        var old = Save("densenet-mini.a", 1);
        var newest = Save("densenet-mini.a", 2);
        var manifest = Path.Combine(_hub.List()[0].Folder, "checkpoint.json");
        File.WriteAllText(
            manifest,
            File.ReadAllText(manifest).Replace("2024-01-02", "2024-01-03", StringComparison.Ordinal));

        var damaged = Assert.Single(_hub.List(), e => e.Problem is not null);
        Assert.Equal(newest, damaged.Digest);
        Assert.Contains(
            "damaged",
            Assert.Throws<MarrowException>(() => _hub.Resolve("densenet-mini.a")).Message,
            StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => _hub.Resolve($"densenet-mini.a@{newest}"));
        using var exact = _hub.Resolve($"densenet-mini.a@{old}");
        Assert.Equal(old, exact.Digest);
    }

    [Fact]
    public void Leftovers_of_an_interrupted_save_are_not_checkpoints()
    {
        Save("densenet-mini.a", 1);
        Directory.CreateDirectory(Path.Combine(_hub.Folder, "densenet-mini.a", ".12345.1.tmp"));
        Directory.CreateDirectory(Path.Combine(_hub.Folder, ".git"));
        File.WriteAllText(Path.Combine(_hub.Folder, "README.md"), "");
        Assert.Single(_hub.List());
    }

    [Fact]
    public void A_checkpoint_in_anothers_folder_is_a_problem()
    {
        Save("densenet-mini.a", 1);
        Directory.Move(Path.Combine(_hub.Folder, "densenet-mini.a"), Path.Combine(_hub.Folder, "densenet-mini.z"));
        Assert.Contains("named densenet-mini.z", Assert.Single(_hub.List()).Problem, StringComparison.Ordinal);
    }
}

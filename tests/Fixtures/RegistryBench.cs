using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Hub.Registry;
using Marrow.Soak;

namespace Marrow.Tests;

/// <summary>Two hubs, small checkpoints in the first, and times short enough for tests.</summary>
internal sealed class RegistryBench : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public RegistryBench() => (From, To) = (new(_folder["from"]), new(_folder["to"]));

    public LocalHub From { get; }

    public LocalHub To { get; }

    public string Folder => _folder.Path;

    public RegistryOptions Options { get; set; } = new()
    {
        FirstPause = TimeSpan.FromMilliseconds(1),
        LongestPause = TimeSpan.FromMilliseconds(50),
        ResponseTimeout = TimeSpan.FromSeconds(5),
        StallTimeout = TimeSpan.FromSeconds(5),
        ConnectTimeout = TimeSpan.FromSeconds(5),
        CredentialFile = "/nonexistent/config.json",
    };

    public CheckpointRegistry Registry => new(Options);

    /// <summary>Saves a small checkpoint into the first hub; the caller disposes it.</summary>
    public Checkpoint Save(
        string name = "densenet-mini.a",
        long seed = 1,
        string license = "CC-BY-NC-4.0",
        params Checkpoint[] parents)
    {
        using var model = Drafts.Model(seed: seed);
        var draft = Drafts.Of(model);
        return (
            draft with
            {
                Name = name,
                Card = Drafts.Card(license),
                Parents = new()
                {
                    Checkpoints = [.. parents.Select(p => new ParentCheckpoint(p.Name, p.Digest, "init", p.License))],
                },
            }
        ).Save(From.Folder);
    }

    /// <summary>Skips the test where Debian's registry is absent; the caller disposes it.</summary>
    public static DockerRegistry Start(string more = "", string http = "", Action<string>? prepare = null)
    {
        Assert.SkipWhen(DockerRegistry.Missing is not null, DockerRegistry.Missing ?? "");
        return new(more, http, prepare);
    }

    public Task<IReadOnlyList<PushedCheckpoint>> PushAsync(
        Checkpoint checkpoint,
        string host,
        bool withParents = false,
        string? license = null
    ) => Registry.PushAsync(From, checkpoint, OciReference.Parse($"oci://{host}/lab/one:v1"), withParents, license);

    public Task<IReadOnlyList<PulledCheckpoint>> PullAsync(
        string host,
        bool withParents = false,
        string name = ":v1"
    ) => Registry.PullAsync(To, OciReference.Parse($"oci://{host}/lab/one{name}"), withParents);

    /// <summary>The same files with the same bytes.</summary>
    public static void AssertSame(string one, string other)
    {
        Assert.Equal(
            Directory.GetFiles(one).Select(Path.GetFileName).Order(),
            Directory.GetFiles(other).Select(Path.GetFileName).Order());
        Assert.All(Directory.GetFiles(one), path =>
            Assert.Equal(File.ReadAllBytes(path), File.ReadAllBytes(Path.Combine(other, Path.GetFileName(path)))));
    }

    /// <summary>
    /// Nothing is listed, no part of a checkpoint lies outside the folder for what is on its way, and there only blobs.
    /// </summary>
    public void AssertUntouched()
    {
        Assert.Empty(To.List());
        var allowed = new[] { "from", "to" };
        Assert.All(Directory.GetFileSystemEntries(Folder), path => Assert.Contains(Path.GetFileName(path), allowed));
        if (Directory.Exists(To.Folder))
            Assert.All(Directory.GetFiles(To.Folder, "*", SearchOption.AllDirectories), path =>
                Assert.True(
                    path.EndsWith(".part", StringComparison.Ordinal)
                        || path.EndsWith(".lock", StringComparison.Ordinal),
                    path));
    }

    public void Dispose() => _folder.Dispose();
}

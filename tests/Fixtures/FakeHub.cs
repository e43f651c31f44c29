using Marrow.Checkpoints;

namespace Marrow.Tests;

/// <summary>
/// Hubs of checkpoints without weights: whole by their manifests, made in a millisecond. Times of change lie in the
/// past, as those of a hub that nobody changes at this moment.
/// </summary>
internal static class FakeHub
{
    public static readonly DateTime LongAgo = new(2024, 1, 2, 3, 4, 5, DateTimeKind.Utc);

    public static CheckpointManifest Manifest(
        string name,
        int minute = 0,
        CheckpointParents? parents = null,
        string license = "CC0-1.0",
        params (string Name, string Text)[] files
    ) =>
        new()
        {
            Name = name,
            Created = new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(minute),
            License = license,
            Parents = parents ?? new(),
            Files =
            [
                .. files.Select(f => new ManifestFile(
                    f.Name,
                    f.Text.Length,
                    Convert.ToHexStringLower(
                        System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(f.Text))))),
            ],
        };

    /// <summary>Writes it in its place and returns it with its digest.</summary>
    public static CheckpointManifest Add(
        string hub,
        CheckpointManifest manifest,
        params (string Name, string Text)[] files)
    {
        var (bytes, written) = manifest.Seal();
        var folder = Directory.CreateDirectory(Folder(hub, written)).FullName;
        foreach (var (name, text) in files)
            File.WriteAllText(Path.Combine(folder, name), text);
        var path = Path.Combine(folder, CheckpointManifest.FileName);
        File.WriteAllBytes(path, bytes);
        File.SetLastWriteTimeUtc(path, LongAgo);
        Directory.SetLastWriteTimeUtc(Path.Combine(hub, written.Name), LongAgo);
        return written;
    }

    public static CheckpointManifest Add(
        string hub,
        string name,
        int minute = 0,
        CheckpointParents? parents = null,
        string license = "CC0-1.0")
    {
        (string, string)[] files = [("README.md", $"# {name}"), ("metrics.json", "[]\n")];
        return Add(hub, Manifest(name, minute, parents, license, files), files);
    }

    /// <summary>A digest for a manifest that is never sealed: that of a word.</summary>
    public static Digest DigestOf(string word) => Digest.Of(System.Text.Encoding.UTF8.GetBytes(word));

    public static string Folder(string hub, CheckpointManifest manifest) =>
        Path.Combine(hub, manifest.Name, manifest.Digest.Hex);

    public static ParentCheckpoint AsParent(CheckpointManifest manifest) =>
        new(manifest.Name, manifest.Digest, "init", manifest.License);
}

using Marrow.Checkpoints;
using Marrow.Weights;

namespace Marrow.Hub;

/// <summary>Brings a checkpoint into another hub, as it is or with more said about its parents.</summary>
internal static class CheckpointCopy
{
    /// <summary>Brings it as it is, byte for byte; nothing is done where the hub has it.</summary>
    /// <param name="folder">The folder of a whole checkpoint, of which every byte is checked.</param>
    public static void Bring(string folder, LocalHub hub)
    {
        var manifest = CheckpointManifest.Read(folder);
        if (hub.FindDigest(manifest.Digest) is not null)
            return;
        manifest.VerifyFiles(folder);
        HubDisk.Save(hub.Folder, staged =>
        {
            foreach (var name in manifest.Files.Select(file => file.Path).Append(CheckpointManifest.FileName))
                Disk.CopyFile(Path.Combine(folder, name), Path.Combine(staged, name));
            return manifest;
        }).Dispose();
    }

    /// <summary>
    /// Brings it with more said about its parents. What was saved is never changed: the copy has another manifest and
    /// card, and so another digest; weights, config and numbers are the same byte for byte.
    /// </summary>
    /// <param name="folder">The folder of a whole checkpoint, of which every byte is checked.</param>
    /// <param name="note">A section of Markdown that is added to the card.</param>
    public static Checkpoint Save(
        string folder,
        string hubFolder,
        Func<CheckpointParents, CheckpointParents> parents,
        string note)
    {
        var manifest = CheckpointManifest.Read(folder);
        manifest.VerifyFiles(folder);
        return HubDisk.Save(hubFolder, staged =>
        {
            foreach (var file in manifest.Files)
                Disk.CopyFile(Path.Combine(folder, file.Path), Path.Combine(staged, file.Path));
            var card = Path.Combine(staged, Checkpoint.CardFile);
            var text = InputFile.ReadAllText(Path.Combine(folder, Checkpoint.CardFile), CheckpointJson.MaxBytes);
            AtomicFile.WriteText(card, $"{text.TrimEnd()}\n\n{note.Trim()}\n");
            var files = manifest.Files.Select(f => f.Path == Checkpoint.CardFile ? Describe(card) : f).ToList();
            var (bytes, changed) = (manifest with { Parents = parents(manifest.Parents), Files = files }).Seal();
            AtomicFile.Write(Path.Combine(staged, CheckpointManifest.FileName), stream => stream.Write(bytes));
            return changed;
        });
    }

    private static ManifestFile Describe(string path)
    {
        using var stream = InputFile.Open(path, InputFile.AnySize, 1);
        return new(Path.GetFileName(path), stream.Length, FileHash.Sha256(stream));
    }
}

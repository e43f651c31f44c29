using Marrow.Checkpoints;

namespace Marrow.Hub;

/// <summary>One checkpoint of a hub, as its manifest tells.</summary>
/// <param name="Digest">"sha256:..."; the folder's name when the manifest can't be read.</param>
/// <param name="Problem">Null, or why the manifest can't be read.</param>
public sealed record HubEntry(string Name, string Digest, DateTimeOffset Created, string Folder, string? Problem = null)
{
    /// <summary>SPDX identifier or LicenseRef-...: the terms of the weights.</summary>
    public string License { get; init; } = Licenses.Unknown;

    /// <summary>The licences of all ancestors that the manifest tells of, each once.</summary>
    public IReadOnlyList<string> AncestorLicenses { get; init; } = [];

    /// <summary>Digests of the checkpoints it came from, parents first.</summary>
    public IReadOnlyList<string> AncestorDigests { get; init; } = [];

    /// <summary>Of all its files.</summary>
    public long Bytes { get; init; }

    /// <summary>"name@sha256:...", which means exactly this one.</summary>
    internal string Reference => $"{Name}@{Digest}";

    internal static HubEntry Of(CheckpointManifest manifest, string folder, long manifestBytes)
    {
        var ancestors = manifest.Parents.Ancestors();
        return new(manifest.Name, manifest.Digest, manifest.Created, folder)
        {
            License = manifest.License,
            AncestorLicenses = [.. ancestors.Select(a => a.License).Distinct(StringComparer.Ordinal)],
            AncestorDigests = [.. ancestors.Where(a => a.Kind == AncestorKind.Checkpoint && a.Digest.Length > 0).Select(a => a.Digest).Distinct(StringComparer.Ordinal)],
            Bytes = manifestBytes + manifest.Files.Sum(f => f.Bytes),
        };
    }
}

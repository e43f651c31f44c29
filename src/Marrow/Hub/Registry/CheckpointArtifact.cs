namespace Marrow.Hub.Registry;

/// <summary>A file of a checkpoint as a blob of the registry.</summary>
/// <param name="File">A plain file name.</param>
/// <param name="Digest">"sha256:..."</param>
internal sealed record ArtifactLayer(string File, string Digest, long Bytes)
{
    /// <summary>The digest without "sha256:".</summary>
    public string Hex => Marrow.Digest.WithoutScheme(Digest);

    /// <summary>Weights are told from documents by their name alone, so that packing and reading agree.</summary>
    public string MediaType =>
        File.EndsWith(".safetensors", StringComparison.Ordinal) ? OciFormat.Weights : OciFormat.Document;
}

/// <summary>A checkpoint as a registry holds it: the manifest's meaning, for both ways.</summary>
/// <param name="Manifest">Digest of the manifest's bytes.</param>
/// <param name="Digest">The checkpoint's own.</param>
/// <param name="License">Under which it is passed on here; the checkpoint's own stands in its checkpoint.json.</param>
internal sealed record CheckpointArtifact(
    string Manifest,
    string Name,
    string Digest,
    string License,
    IReadOnlyList<OciParent> Parents,
    IReadOnlyList<ArtifactLayer> Layers)
{
    // A checkpoint has seven files; a manifest of a hundred layers has 40 KB.
    public const int MaxManifestBytes = 4 << 20, MaxLayers = 128, MaxParents = 64;
    public const long MaxConfigBytes = 1 << 20;

    public long Bytes => Layers.Sum(layer => layer.Bytes);
}

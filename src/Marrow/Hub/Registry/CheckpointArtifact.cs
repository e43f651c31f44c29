namespace Marrow.Hub.Registry;

/// <summary>A file of a checkpoint, as a blob of the registry.</summary>
/// <param name="File">The name of the file in the checkpoint's folder.</param>
/// <param name="Digest">The digest of the file, "sha256:...".</param>
internal sealed record ArtifactLayer(string File, string Digest, long Bytes)
{
    /// <summary>The digest without "sha256:".</summary>
    public string Hex => Marrow.Digest.WithoutScheme(Digest);

    /// <summary>
    /// The media type. Weights and documents are distinguished only by their names, so that packing and reading agree.
    /// </summary>
    public string MediaType =>
        File.EndsWith(".safetensors", StringComparison.Ordinal) ? OciFormat.Weights : OciFormat.Document;
}

/// <summary>The meaning of a registry's manifest of a checkpoint, for both pushing and pulling.</summary>
/// <param name="Manifest">The digest of the manifest's bytes.</param>
/// <param name="Digest">The checkpoint's own digest.</param>
/// <param name="License">
/// The licence under which it is passed on here. The checkpoint's own licence is in its checkpoint.json.
/// </param>
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

using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Marrow.Hub.Registry;

/// <summary>
/// Names of the OCI image specification (v1.1) and of the CNCF model specification, and Marrow's own annotations.
/// </summary>
internal static class OciFormat
{
    public const string Manifest = "application/vnd.oci.image.manifest.v1+json";
    public const string ModelArtifact = "application/vnd.cncf.model.manifest.v1+json";
    public const string ModelConfig = "application/vnd.cncf.model.config.v1+json";
    public const string Weights = "application/vnd.cncf.model.weight.v1.raw";
    public const string Document = "application/vnd.cncf.model.doc.v1.raw";

    public const string FilePath = "org.cncf.model.filepath";
    public const string Created = "org.opencontainers.image.created";
    public const string Title = "org.opencontainers.image.title";
    public const string License = "org.opencontainers.image.licenses";

    public const string CheckpointName = "marrow.checkpoint.name";
    public const string CheckpointDigest = "marrow.checkpoint.digest";
    public const string CheckpointLicense = "marrow.checkpoint.license";
    public const string CheckpointParents = "marrow.checkpoint.parents";

    private const int TagDigits = 16; // of a digest, in a parent's tag

    // One line, keys in the order of their declaration: equal values give equal bytes.
    private static readonly JsonSerializerOptions Compact = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static byte[] Encode<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, Compact);

    /// <summary>
    /// Returns the tag that a parent gets beside its child: "sha256-" and the first digits of the checkpoint's digest.
    /// </summary>
    public static string ParentTag(string checkpointDigest) =>
        $"sha256-{Digest.WithoutScheme(checkpointDigest)[..TagDigits]}";
}

/// <summary>Describes a blob by its media type, its digest "sha256:..." and its size in bytes.</summary>
internal sealed record OciDescriptor(
    string MediaType,
    string Digest,
    long Size,
    SortedDictionary<string, string>? Annotations = null);

/// <summary>An image manifest of the OCI image specification, as far as a checkpoint needs it.</summary>
internal sealed record OciManifest(
    int SchemaVersion,
    string MediaType,
    string ArtifactType,
    OciDescriptor Config,
    IReadOnlyList<OciDescriptor> Layers,
    SortedDictionary<string, string> Annotations);

/// <summary>A parent, as an annotation of its child names it.</summary>
/// <param name="Digest">The digest of the parent's checkpoint.</param>
/// <param name="Manifest">The digest of its manifest in the same repository; null when it was not pushed.</param>
internal sealed record OciParent(string Name, string Digest, string License, string? Manifest = null);

/// <summary>The config blob of the CNCF model specification (config-schema.json), as far as Marrow fills it.</summary>
internal sealed record ModelArtifactConfig(
    ModelArtifactDescriptor Descriptor,
    ModelArtifactDetails Config,
    ModelArtifactFiles Modelfs);

/// <param name="Family">The backbone or detector, such as "densenet121".</param>
/// <param name="Revision">The commit of the code that made the checkpoint; null when it is unknown.</param>
internal sealed record ModelArtifactDescriptor(
    string CreatedAt,
    string Family,
    string Name,
    string? Revision,
    IReadOnlyList<string> Licenses,
    string Title);

/// <param name="ParamSize">The number of parameters in thousands or millions, such as "7.0M".</param>
internal sealed record ModelArtifactDetails(
    string Architecture,
    string Format,
    string ParamSize,
    string Precision,
    ModelArtifactCapabilities Capabilities);

internal sealed record ModelArtifactCapabilities(IReadOnlyList<string> InputTypes, IReadOnlyList<string> OutputTypes);

/// <param name="DiffIds">The digest of each layer's contents, in the order of the manifest.</param>
internal sealed record ModelArtifactFiles(string Type, IReadOnlyList<string> DiffIds);

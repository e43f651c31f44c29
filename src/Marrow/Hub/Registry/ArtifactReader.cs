using System.Text.Json;
using Marrow.Checkpoints;

namespace Marrow.Hub.Registry;

/// <summary>
/// Reads the manifest that a registry answers with, trusting nothing in it: digest, media types, number and sizes of
/// layers, file names. What it promises is compared with checkpoint.json once that has arrived.
/// </summary>
internal static class ArtifactReader
{
    private const int MaxTokens = 20_000; // of JSON; 128 layers have 3,000
    private const string NotOurs = "It is no checkpoint of Marrow, or was changed on the way.";

    /// <param name="requested">The tag or digest that was requested.</param>
    /// <param name="said">The digest that the registry names; null when it names none.</param>
    public static CheckpointArtifact Read(
        byte[] bytes,
        string mediaType,
        string? said,
        OciReference requested,
        long maxBytes)
    {
        var where = requested.ToString();
        var digest = Digest.Of(bytes);
        if (requested.Digest is { } wanted && wanted != digest)
            throw Bad("a manifest of that digest", digest);
        if (said is not null && Digest.TryParse(said, out _) && said != digest)
            throw Bad($"a manifest of the digest that the registry names, {said}", digest);
        if (mediaType != OciFormat.Manifest)
            throw Bad(OciFormat.Manifest, mediaType.Length > 0 ? RegistryText.Clean(mediaType) : "no media type");
        RequireModest(bytes, where);
        var manifest = MarrowJson.Decode<OciManifest>(bytes, where, "an OCI image manifest", NotOurs);
        Require(
            manifest.SchemaVersion == 2 && manifest.MediaType == OciFormat.Manifest,
            $"schema version 2 and {OciFormat.Manifest}",
            $"{manifest.SchemaVersion} and {RegistryText.Clean(manifest.MediaType)}");
        Require(
            manifest.ArtifactType == OciFormat.ModelArtifact,
            $"the artifact type {OciFormat.ModelArtifact}",
            RegistryText.Clean(manifest.ArtifactType));
        Require(
            manifest.Config.MediaType == OciFormat.ModelConfig
                && Digest.TryParse(manifest.Config.Digest, out _)
                && manifest.Config.Size is >= 0 and <= CheckpointArtifact.MaxConfigBytes,
            $"a config of {OciFormat.ModelConfig}, at most {CheckpointArtifact.MaxConfigBytes} bytes",
            RegistryText.Clean(manifest.Config.MediaType));

        var layers = manifest.Layers.Select(layer => Layer(layer, where)).ToList();
        Require(
            layers.Count is > 0 and <= CheckpointArtifact.MaxLayers,
            $"1 to {CheckpointArtifact.MaxLayers} layers",
            $"{layers.Count}");
        Require(
            layers.DistinctBy(l => l.File, StringComparer.OrdinalIgnoreCase).Count() == layers.Count,
            "each file once, whatever the case of its letters",
            "one twice");
        Require(
            layers.Exists(l => l.File == CheckpointManifest.FileName && l.Bytes <= CheckpointJson.MaxBytes),
            $"a layer {CheckpointManifest.FileName} of at most {CheckpointJson.MaxBytes} bytes",
            "none");
        var left = maxBytes; // layer by layer: a sum could overflow
        Require(
            layers.TrueForAll(l => l.Bytes <= left && (left -= l.Bytes) >= 0),
            $"at most {maxBytes} bytes in all",
            "more");

        var (name, own) = (Annotation(OciFormat.CheckpointName), Annotation(OciFormat.CheckpointDigest));
        Require(
            CheckpointName.IsValid(name) && Digest.TryParse(own, out _),
            $"the annotations {OciFormat.CheckpointName} and {OciFormat.CheckpointDigest}",
            "others");
        return new(digest, name, own, Annotation(OciFormat.License), Parents(), layers);

        string Annotation(string key) => manifest.Annotations.GetValueOrDefault(key, "");

        IReadOnlyList<OciParent> Parents()
        {
            var text = Annotation(OciFormat.CheckpointParents);
            var parents =
                text.Length == 0
                    ? []
                    : MarrowJson.Decode<List<OciParent>>(
                        System.Text.Encoding.UTF8.GetBytes(text),
                        where,
                        $"the annotation {OciFormat.CheckpointParents}",
                        NotOurs);
            Require(
                parents.Count <= CheckpointArtifact.MaxParents
                    && parents.TrueForAll(p =>
                        Digest.TryParse(p.Digest, out _) && (p.Manifest is null || Digest.TryParse(p.Manifest, out _))),
                $"at most {CheckpointArtifact.MaxParents} parents by their digests", "others");
            return parents;
        }

        void Require(bool holds, string expected, string found)
        {
            if (!holds)
                throw Bad(expected, found);
        }

        MarrowException Bad(string expected, string found) =>
            MarrowException.Unsupported(where, expected, found, NotOurs);
    }

    private static ArtifactLayer Layer(OciDescriptor descriptor, string where)
    {
        var file = descriptor.Annotations?.GetValueOrDefault(OciFormat.FilePath) ?? "";
        if (!CheckpointManifest.IsPlain(file))
            throw MarrowException.Bad(
                where,
                "plain file names of letters, digits, '.', '-' and '_'",
                $"'{RegistryText.Clean(file)}'",
                "Nothing was fetched. Don't trust this registry.");
        var layer = new ArtifactLayer(file, descriptor.Digest, descriptor.Size);
        if (!Digest.TryParse(descriptor.Digest, out _) || descriptor.Size < 0)
            throw MarrowException.Bad(
                $"{where}: {file}",
                "a sha256 digest and a size",
                $"{RegistryText.Clean(descriptor.Digest)} and {descriptor.Size}",
                NotOurs);
        return descriptor.MediaType == layer.MediaType ? layer
            : throw MarrowException.Bad(
                $"{where}: {file}",
                layer.MediaType,
                RegistryText.Clean(descriptor.MediaType),
                NotOurs);
    }

    /// <summary>
    /// Counts the layers before any object is created, so that a manifest with a million layers is refused without
    /// using memory for them.
    /// </summary>
    private static void RequireModest(ReadOnlySpan<byte> utf8, string where)
    {
        try
        {
            var json = new Utf8JsonReader(utf8);
            for (var tokens = 0; json.Read();)
            {
                if (++tokens > MaxTokens)
                    throw MarrowException.Bad(
                        where,
                        $"a manifest of at most {CheckpointArtifact.MaxLayers} layers",
                        "far more",
                        NotOurs);
            }
        }
        catch (JsonException e)
        {
            throw MarrowException.Bad(
                where,
                "a manifest in JSON",
                $"something else at byte {e.BytePositionInLine}",
                NotOurs);
        }
    }
}

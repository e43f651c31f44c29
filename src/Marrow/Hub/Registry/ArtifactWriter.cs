using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Hub.Registry;

/// <summary>
/// A checkpoint packed for a registry: manifest and config as bytes, the layers as files of its folder.
/// </summary>
internal sealed record PackedCheckpoint(
    CheckpointArtifact Artifact,
    byte[] Manifest,
    byte[] Config,
    string ConfigDigest,
    string Folder);

/// <summary>
/// Packs a checkpoint: equal checkpoints with equal terms and parents give equal bytes, so pushing twice gives one
/// digest. Every file is a layer as it is, checkpoint.json too, so that what is pulled has the checkpoint's digest.
/// </summary>
internal static class ArtifactWriter
{
    /// <summary>Packs a checkpoint that has been loaded and therefore verified.</summary>
    public static PackedCheckpoint Pack(
        Checkpoint checkpoint,
        CheckpointManifest manifest,
        string license,
        IReadOnlyList<OciParent> parents)
    {
        var own = CheckpointManifest.ReadSmall(Path.Combine(checkpoint.Path, CheckpointManifest.FileName));
        var layers = manifest.Files.Select(f => new ArtifactLayer(f.Path, Digest.Scheme + f.Sha256, f.Bytes))
            .Append(new(CheckpointManifest.FileName, Digest.Of(own), own.Length))
            .OrderBy(layer => layer.File, StringComparer.Ordinal).ToList();
        var created = manifest.Created.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var config = OciFormat.Encode(Describe(checkpoint, manifest, license, created, layers));
        var configDigest = Digest.Of(config);
        var annotations = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            [OciFormat.Created] = created,
            [OciFormat.Title] = manifest.Name,
            [OciFormat.License] = license,
            [OciFormat.CheckpointName] = manifest.Name,
            [OciFormat.CheckpointDigest] = manifest.Digest,
            [OciFormat.CheckpointLicense] = manifest.License,
        };
        if (parents.Count > 0)
            annotations[OciFormat.CheckpointParents] = System.Text.Encoding.UTF8.GetString(OciFormat.Encode(parents));
        var bytes = OciFormat.Encode(new OciManifest(2, OciFormat.Manifest, OciFormat.ModelArtifact,
            new(OciFormat.ModelConfig, configDigest, config.Length), [.. layers.Select(Descriptor)], annotations));
        return new(
            new(Digest.Of(bytes), manifest.Name, manifest.Digest, license, parents, layers),
            bytes,
            config,
            configDigest,
            checkpoint.Path);
    }


    private static OciDescriptor Descriptor(ArtifactLayer layer) =>
        new(
            layer.MediaType,
            layer.Digest,
            layer.Bytes,
            new(StringComparer.Ordinal) { [OciFormat.FilePath] = layer.File }
        );

    private static ModelArtifactConfig Describe(
        Checkpoint checkpoint,
        CheckpointManifest manifest,
        string license,
        string created,
        List<ArtifactLayer> layers
    ) =>
        new(
            new(
                created,
                checkpoint.Config.Model.Architecture,
                manifest.Name,
                Commit(manifest.Origin?.Code),
                [license],
                $"{manifest.Name}: {checkpoint.Config.Task}"),
            new(
                "cnn",
                "safetensors",
                Count(checkpoint.Weights.Entries.Sum(e => e.Elements)),
                Precision(checkpoint.Weights),
                new(["image"], ["other"])),
            new("layers", [.. layers.Select(layer => layer.Digest)]));

    /// <summary>Returns the commit in a version: "de93ac4" for "0.1.0+de93ac4".</summary>
    private static string? Commit(string? code) => code?.IndexOf('+') is >= 0 and var plus ? code[(plus + 1)..] : null;

    private static string Count(long parameters) => parameters >= 100_000
        ? string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:0.0}M")
        : string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e3:0.0}K");

    /// <summary>Returns the number type that most of the weights have.</summary>
    private static string Precision(WeightFile weights) =>
        weights.Entries.GroupBy(e => e.Type).MaxBy(g => g.Sum(e => e.Elements))?.Key switch
        {
            torch.ScalarType.BFloat16 => "bf16",
            torch.ScalarType.Float16 => "fp16",
            torch.ScalarType.Float64 => "fp64",
            _ => "fp32",
        };
}

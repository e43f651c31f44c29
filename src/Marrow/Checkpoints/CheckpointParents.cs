using System.Text.Json.Serialization;
using Marrow.Datasets;

namespace Marrow.Checkpoints;

/// <summary>Where a checkpoint came from.</summary>
public sealed class CheckpointParents
{
    [JsonConstructor]
    internal CheckpointParents()
    {
    }

    [JsonInclude] public IReadOnlyList<ParentCheckpoint> Checkpoints { get; internal init; } = [];
    [JsonInclude] public IReadOnlyList<ParentDataset> Datasets { get; internal init; } = [];

    /// <summary>Null when it was trained here.</summary>
    [JsonInclude] public ImportedFile? Imported { get; internal init; }

    /// <summary>
    /// The parents' own ancestors with their terms, so that these are known where the parents themselves are not.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<LicensedAncestor> Inherited { get; init; } = [];

    /// <summary>
    /// Of a model that was warm-started from a checkpoint: that one, and what it descends from.
    /// </summary>
    /// <param name="datasets">What the model itself was trained on.</param>
    public static CheckpointParents WarmStartedFrom(
        Checkpoint source, params IReadOnlyList<ParentDataset> datasets) => new()
        {
            Checkpoints = [new(source.Name, source.Digest, "init", source.License)],
            Datasets = datasets,
            Inherited = LicensedAncestor.EachOnce(source.Parents.Ancestors()),
        };

    /// <summary>The same with another checkpoint that had a part in it. One that had two has both roles.</summary>
    internal CheckpointParents With(Checkpoint checkpoint, string role) => With(
        checkpoints: [.. Checkpoints, new(checkpoint.Name, checkpoint.Digest, role, checkpoint.License)],
        inherited: LicensedAncestor.EachOnce(Inherited.Concat(checkpoint.Parents.Ancestors())));

    /// <summary>The same with other lists where they are given.</summary>
    internal CheckpointParents With(
        IReadOnlyList<ParentCheckpoint>? checkpoints = null, IReadOnlyList<ParentDataset>? datasets = null,
        IReadOnlyList<LicensedAncestor>? inherited = null, ImportedFile? imported = null) => new()
        {
            Checkpoints = checkpoints ?? Checkpoints,
            Datasets = datasets ?? Datasets,
            Imported = imported ?? Imported,
            Inherited = inherited ?? Inherited,
        };

    /// <summary>All ancestors and their terms: the parents, then what they inherited.</summary>
    public IReadOnlyList<LicensedAncestor> Ancestors() =>
        [
            .. Datasets.Select(d => new LicensedAncestor(LineageKind.Dataset, d.Name, d.FilesDigest, d.License)),
            .. Checkpoints.Select(c => new LicensedAncestor(LineageKind.Checkpoint, c.Name, c.Digest, c.License)),
            .. Imported is { } file
                ? [new LicensedAncestor(LineageKind.ImportedFile, file.Name, file.Digest, file.License)]
                : Array.Empty<LicensedAncestor>(),
            .. Inherited,
        ];
}

/// <summary>A checkpoint that weights, or labels, came from.</summary>
public sealed class ParentCheckpoint
{
    [JsonConstructor]
    internal ParentCheckpoint(string name, string digest, string role = "init", string license = Licenses.Unknown) =>
        (Name, Digest, Role, License) = (name, digest, role, license);

    public string Name { get; }

    public string Digest { get; }

    /// <summary>
    /// "init": warm-started from it. "labels": its predictions were labels. "crop": its detections say where in the
    /// image the model looks.
    /// </summary>
    public string Role { get; }

    public string License { get; }

    internal const string Labels = "labels", Crop = "crop";

    /// <summary>Parts that a parent may have without giving any weight.</summary>
    internal static readonly string[] RolesWithoutWeights = [Labels, Crop];

    /// <summary>What the parent was worth to this child; null when no experiment has measured it.</summary>
    [JsonInclude] public ParentWorth? Worth { get; internal init; }

    /// <summary>The same checkpoint in another part.</summary>
    internal ParentCheckpoint As(string role) => new(Name, Digest, role, License) { Worth = Worth };

    /// <summary>The same with what an experiment has measured.</summary>
    internal ParentCheckpoint With(ParentWorth worth) => new(Name, Digest, Role, License) { Worth = worth };
}

/// <summary>A data set that weights were trained on.</summary>
public sealed class ParentDataset
{
    internal const string Unlabeled = "unlabeled";

    /// <param name="version">See <see cref="Version"/>.</param>
    /// <param name="license">See <see cref="License"/>.</param>
    /// <param name="filesDigest">See <see cref="FilesDigest"/>.</param>
    /// <param name="citation">What its makers ask to be cited; "" when they ask for nothing.</param>
    /// <param name="samples">How many samples were trained on.</param>
    public ParentDataset(
        string name, string version, string license, string filesDigest, string citation = "", int samples = 0) =>
        (Name, Version, License, FilesDigest, Citation, Samples) = (
            name, version, license, filesDigest, citation, samples);

    public string Name { get; }

    /// <summary>As its makers name it; "" when they do not.</summary>
    public string Version { get; }

    /// <summary>SPDX identifier or LicenseRef-...</summary>
    public string License { get; }

    /// <summary>SHA-256, hexadecimal, over names and sizes of the files used; "" when it was not taken.</summary>
    public string FilesDigest { get; }

    public string Citation { get; }

    public int Samples { get; }

    /// <summary>How it was read and divided, so that what was held out is found again; null when unknown.</summary>
    [JsonInclude] internal DatasetUse? Use { get; init; }

    /// <summary>"training": its labels were learnt; "unlabeled": its images alone were used.</summary>
    [JsonInclude] public string Role { get; internal init; } = "training";
}

/// <summary>How a data set was read and divided.</summary>
internal sealed record DatasetUse
{
    [JsonConstructor]
    internal DatasetUse(string format, DatasetOptions options, double heldOut, ulong seed) =>
        (Format, Options, HeldOut, Seed) = (format, options, heldOut, seed);

    /// <summary>A key of the data set catalogue.</summary>
    [JsonInclude] internal string Format { get; }

    [JsonInclude] internal DatasetOptions Options { get; }

    /// <summary>Share of the patients that was never trained on; 0 when all were.</summary>
    [JsonInclude] internal double HeldOut { get; init; }

    /// <summary>Of that division.</summary>
    [JsonInclude] internal ulong Seed { get; init; }
}

/// <summary>A file of weights made elsewhere.</summary>
public sealed class ImportedFile
{
    [JsonConstructor]
    internal ImportedFile(string name, long bytes, string sha256, string map, string license = Licenses.Unknown) =>
        (Name, Bytes, Sha256, Map, License) = (name, bytes, sha256, map, license);

    public string Name { get; }

    public long Bytes { get; }

    /// <summary>Of the whole file, 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>Of the keys and the input: "torchvision-densenet".</summary>
    public string Map { get; }

    public string License { get; }

    /// <summary>"sha256:" and those digits.</summary>
    internal string Digest => Marrow.Digest.Scheme + Sha256;
}

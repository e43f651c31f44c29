using System.Text.Json.Serialization;
using Marrow.Datasets;
using Marrow.Datasets.Copies;

namespace Marrow.Checkpoints;

/// <summary>The checkpoints, data sets and files from which a checkpoint was made.</summary>
public sealed class CheckpointParents
{
    [JsonConstructor]
    internal CheckpointParents()
    {
    }

    [JsonInclude] public IReadOnlyList<ParentCheckpoint> Checkpoints { get; internal init; } = [];
    [JsonInclude] public IReadOnlyList<ParentDataset> Datasets { get; internal init; } = [];

    /// <summary>The file from which the weights were imported; null when they were trained with Marrow.</summary>
    [JsonInclude] public ImportedFile? Imported { get; internal init; }

    /// <summary>
    /// The parents' own ancestors with their terms, which are thereby known even when the parents are missing.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<LicensedAncestor> Inherited { get; init; } = [];

    /// <summary>
    /// Returns the parents of a model that was warm-started from a checkpoint: that checkpoint and all its ancestors.
    /// </summary>
    /// <param name="datasets">The data sets on which the model itself was trained.</param>
    public static CheckpointParents WarmStartedFrom(
        Checkpoint source, params IReadOnlyList<ParentDataset> datasets) => new()
        {
            Checkpoints = [new(source.Name, source.Digest, "init", source.License)],
            Datasets = datasets,
            Inherited = LicensedAncestor.EachOnce(source.Parents.Ancestors()),
        };

    /// <summary>
    /// Returns the parents of a checkpoint with the very weights of another one: that one, and what it was trained on.
    /// </summary>
    internal static CheckpointParents WithWeightsOf(Checkpoint source) => new()
    {
        Checkpoints = [new(source.Name, source.Digest, ParentCheckpoint.SameWeights, source.License)],
        Datasets = source.Parents.Datasets,
        Imported = source.Parents.Imported,
        Inherited = LicensedAncestor.EachOnce(source.Parents.Ancestors()),
    };

    /// <summary>
    /// Returns the same parents with one more checkpoint that took part. A checkpoint that took part in two ways is
    /// listed with both roles.
    /// </summary>
    internal CheckpointParents With(Checkpoint checkpoint, string role) => With(
        checkpoints: [.. Checkpoints, new(checkpoint.Name, checkpoint.Digest, role, checkpoint.License)],
        inherited: LicensedAncestor.EachOnce(Inherited.Concat(checkpoint.Parents.Ancestors())));

    /// <summary>Returns a copy in which the given lists replace the old ones.</summary>
    internal CheckpointParents With(
        IReadOnlyList<ParentCheckpoint>? checkpoints = null, IReadOnlyList<ParentDataset>? datasets = null,
        IReadOnlyList<LicensedAncestor>? inherited = null, ImportedFile? imported = null) => new()
        {
            Checkpoints = checkpoints ?? Checkpoints,
            Datasets = datasets ?? Datasets,
            Imported = imported ?? Imported,
            Inherited = inherited ?? Inherited,
        };

    /// <summary>Returns all ancestors and their licences: first the parents, then what they inherited.</summary>
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

/// <summary>A checkpoint that gave its child weights, labels or crops.</summary>
public sealed class ParentCheckpoint
{
    [JsonConstructor]
    internal ParentCheckpoint(string name, string digest, string role = "init", string license = Licenses.Unknown) =>
        (Name, Digest, Role, License) = (name, digest, role, license);

    /// <summary>The parent's name.</summary>
    public string Name { get; }

    /// <summary>The parent's digest, "sha256:...".</summary>
    public string Digest { get; }

    /// <summary>
    /// What the parent gave: "init" when the child was warm-started from its weights, "weights" when these are the
    /// child's, unchanged, "labels" when its predictions served as labels, "crop" when its detections say where in the
    /// image the child looks.
    /// </summary>
    public string Role { get; }

    /// <summary>The licence of the parent, as an SPDX identifier or a LicenseRef.</summary>
    public string License { get; }

    internal const string Labels = "labels", Crop = "crop", SameWeights = "weights";

    /// <summary>The roles of parents that gave no weights.</summary>
    internal static readonly string[] RolesWithoutWeights = [Labels, Crop];

    /// <summary>What the parent was worth to this child; null when no experiment has measured it.</summary>
    [JsonInclude] public ParentWorth? Worth { get; internal init; }

    /// <summary>Returns the same checkpoint in another role.</summary>
    internal ParentCheckpoint As(string role) => new(Name, Digest, role, License) { Worth = Worth };

    /// <summary>Returns the same parent with what an experiment has measured it to be worth.</summary>
    internal ParentCheckpoint With(ParentWorth worth) => new(Name, Digest, Role, License) { Worth = worth };
}

/// <summary>A data set on which weights were trained.</summary>
public sealed class ParentDataset
{
    internal const string Unlabeled = "unlabeled";

    /// <param name="version">The version of the data set; see <see cref="Version"/>.</param>
    /// <param name="license">The licence of the data; see <see cref="License"/>.</param>
    /// <param name="filesDigest">The digest of the files; see <see cref="FilesDigest"/>.</param>
    /// <param name="citation">What its makers ask to be cited; "" when they ask for nothing.</param>
    /// <param name="samples">How many samples were trained on.</param>
    public ParentDataset(
        string name, string version, string license, string filesDigest, string citation = "", int samples = 0) =>
        (Name, Version, License, FilesDigest, Citation, Samples) = (
            name, version, license, filesDigest, citation, samples);

    /// <summary>The data set's name.</summary>
    public string Name { get; }

    /// <summary>The version, as the data set's makers name it; "" when they name none.</summary>
    public string Version { get; }

    /// <summary>The licence of the data, as an SPDX identifier or a LicenseRef.</summary>
    public string License { get; }

    /// <summary>
    /// The SHA-256, in hexadecimal, over the names and sizes of the files used; "" when it was not computed.
    /// </summary>
    public string FilesDigest { get; }

    /// <summary>What the data set's makers ask to be cited; "" when they ask for nothing.</summary>
    public string Citation { get; }

    /// <summary>The number of samples that were trained on; 0 when it is unknown.</summary>
    public int Samples { get; }

    /// <summary>
    /// Says how the data set was read and divided, so that the held-out samples can be found again; null when it is
    /// unknown.
    /// </summary>
    [JsonInclude] internal DatasetUse? Use { get; init; }

    /// <summary>
    /// The part of a model of several tasks that learnt from the data set, or the name of a data set from which a model
    /// of one task learnt beside its own; null for a model's own data set.
    /// </summary>
    [JsonInclude] internal string? Part { get; init; }

    /// <summary>
    /// The task whose labels a model learnt from beside those of its own task; null where they were its own.
    /// </summary>
    [JsonInclude] internal string? Task { get; init; }

    /// <summary>The part of the body that its films show, such as "chest"; null when nobody has said it.</summary>
    [JsonInclude] public string? BodyPart { get; internal init; }

    /// <summary>
    /// How the data set was used: "training" when its labels were learnt, "unlabeled" when only its images were used.
    /// </summary>
    [JsonInclude] public string Role { get; internal init; } = "training";
}

/// <summary>Records how a data set was read and divided, so that the held-out samples can be found again.</summary>
internal sealed record DatasetUse
{
    [JsonConstructor]
    internal DatasetUse(string format, DatasetOptions options, double heldOut, ulong seed) =>
        (Format, Options, HeldOut, Seed) = (format, options, heldOut, seed);

    /// <summary>The data set's format, a key of the data set catalogue.</summary>
    [JsonInclude] internal string Format { get; }

    [JsonInclude] internal DatasetOptions Options { get; }

    /// <summary>The share of the patients that were never trained on, 0 to 1; 0 when all were trained on.</summary>
    [JsonInclude] internal double HeldOut { get; init; }

    /// <summary>The seed of the division.</summary>
    [JsonInclude] internal ulong Seed { get; init; }

    /// <summary>The fold that was held out; null where it was a share of the patients.</summary>
    [JsonInclude] internal Fold? Fold { get; init; }

    /// <summary>
    /// By what samples were kept together; null when it was the data set's own patients, as before copies of films were
    /// looked for.
    /// </summary>
    [JsonInclude] internal GroupRule? Groups { get; init; }

    /// <summary>
    /// Returns the patients by which this data was divided, who were one where copies were looked for.
    /// </summary>
    internal PatientGroups GroupsOf(Dataset dataset) =>
        Groups == GroupRule.PatientsAndCopies ? PatientGroups.ByCopies(dataset) : PatientGroups.Own;
}

/// <summary>A file of weights that was made elsewhere and imported.</summary>
public sealed class ImportedFile
{
    [JsonConstructor]
    internal ImportedFile(string name, long bytes, string sha256, string map, string license = Licenses.Unknown) =>
        (Name, Bytes, Sha256, Map, License) = (name, bytes, sha256, map, license);

    /// <summary>The name of the file.</summary>
    public string Name { get; }

    /// <summary>The size of the file in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The SHA-256 of the whole file, as 64 lower-case hexadecimal digits.</summary>
    public string Sha256 { get; }

    /// <summary>The name of the map by which keys and input were understood, such as "torchvision-densenet".</summary>
    public string Map { get; }

    /// <summary>The licence of the weights, as an SPDX identifier or a LicenseRef.</summary>
    public string License { get; }

    /// <summary>The SHA-256 with the prefix "sha256:".</summary>
    internal string Digest => Marrow.Digest.Scheme + Sha256;
}

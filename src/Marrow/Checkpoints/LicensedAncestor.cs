using System.Text.Json.Serialization;

namespace Marrow.Checkpoints;

/// <summary>The kinds of ancestors in a lineage.</summary>
public enum LineageKind
{
    Checkpoint,
    Dataset,

    /// <summary>A file of weights that was made elsewhere; see <see cref="ImportedFile"/>.</summary>
    ImportedFile,
}

/// <summary>An ancestor of a checkpoint, and its licence.</summary>
public sealed class LicensedAncestor
{
    [JsonConstructor]
    internal LicensedAncestor(LineageKind kind, string name, string digest, string license) =>
        (Kind, Name, Digest, License) = (kind, name, digest, license);

    /// <summary>What the ancestor is: a checkpoint, a data set or an imported file.</summary>
    public LineageKind Kind { get; }

    /// <summary>The ancestor's name.</summary>
    public string Name { get; }

    /// <summary>
    /// The digest of the checkpoint, of the data set's list of files, or of the file; "" when it is unknown.
    /// </summary>
    public string Digest { get; }

    /// <summary>The ancestor's licence, as an SPDX identifier or a LicenseRef.</summary>
    public string License { get; }

    /// <summary>The ancestor's kind and name, such as "data set chexpert".</summary>
    internal string Label => $"{KindName} {Name}";

    [JsonInclude]
    internal string KindName => Kind switch
    {
        LineageKind.Dataset => "data set",
        LineageKind.ImportedFile => "file",
        _ => "checkpoint",
    };

    /// <summary>Returns each ancestor once, at its first position.</summary>
    internal static IReadOnlyList<LicensedAncestor> EachOnce(IEnumerable<LicensedAncestor> ancestors) =>
        [.. ancestors.DistinctBy(a => (a.Kind, a.Name, a.Digest, a.License))];
}

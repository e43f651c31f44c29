using System.Text.Json.Serialization;

namespace Marrow.Checkpoints;

/// <summary>What stands in a lineage.</summary>
public enum LineageKind
{
    Checkpoint,
    Dataset,

    /// <summary>Of weights made elsewhere; see <see cref="ImportedFile"/>.</summary>
    ImportedFile,
}

/// <summary>An ancestor and its terms.</summary>
public sealed class LicensedAncestor
{
    [JsonConstructor]
    internal LicensedAncestor(LineageKind kind, string name, string digest, string license) =>
        (Kind, Name, Digest, License) = (kind, name, digest, license);

    public LineageKind Kind { get; }

    public string Name { get; }

    /// <summary>Of a checkpoint, of a data set's list of files or of a file; "" when unknown.</summary>
    public string Digest { get; }

    public string License { get; }

    /// <summary>The ancestor in words: "data set chexpert".</summary>
    internal string Label => $"{KindName} {Name}";

    [JsonInclude]
    internal string KindName => Kind switch
    {
        LineageKind.Dataset => "data set",
        LineageKind.ImportedFile => "file",
        _ => "checkpoint",
    };

    /// <summary>Each of them once, where it stands first.</summary>
    internal static IReadOnlyList<LicensedAncestor> EachOnce(IEnumerable<LicensedAncestor> ancestors) =>
        [.. ancestors.DistinctBy(a => (a.Kind, a.Name, a.Digest, a.License))];
}

using System.Text;
using Marrow.Checkpoints;
using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>
/// The metadata of a file that Marrow exported (see <see cref="ExportMetadata"/>), from which an import makes the same
/// checkpoint again. Like everything in a file it is checked, and it is trusted only when the file still holds exactly
/// the numbers that were exported.
/// </summary>
/// <param name="Weights">
/// The SHA-256 over names, types, shapes and numbers of the weights; "" in files of versions that did not write it.
/// </param>
internal sealed record ExportedFile(
    string Name,
    string Digest,
    CheckpointConfig Config,
    string License,
    CheckpointParents Parents,
    string Weights)
{
    /// <summary>The text that such files have in place of the name of an import map.</summary>
    public const string Map = "marrow-export";

    public const string Remedy =
        "The file's notes are damaged: export it again, or name a map (--map) to import it as another program's.";

    /// <summary>
    /// Reads what Marrow wrote into the file; null for files of other programs. Throws <see cref="MarrowException"/>
    /// when what it says is impossible.
    /// </summary>
    public static ExportedFile? Of(WeightFile file)
    {
        var notes = file.Notes;
        if (!notes.ContainsKey("marrow") || !notes.TryGetValue("config", out var config))
            return null;
        var parents = notes.TryGetValue("parents", out var all)
            ? Decode<CheckpointParents>(all, file.Path, "the parents of an exported checkpoint")
            : new()
            {
                Inherited = notes.TryGetValue("ancestors", out var ancestors)
                    ? Decode<List<LicensedAncestor>>(ancestors, file.Path, "the ancestors of an exported checkpoint")
                    : [],
            };
        var exported = new ExportedFile(
            notes.GetValueOrDefault("name", ""),
            notes.GetValueOrDefault("digest", ""),
            Decode<CheckpointConfig>(config, file.Path, "the config of an exported checkpoint"),
            notes.GetValueOrDefault("license", Licenses.Unknown), parents, notes.GetValueOrDefault("weights", ""));
        exported.Config.Validate(file.Path);
        CheckpointName.Require(exported.Name, file.Path);
        ManifestLimits.Require(exported.License, exported.Parents, file.Path);
        return exported;
    }

    /// <summary>
    /// Reads the weights, which belong to the caller's dispose scope. Returns null when they are not exactly those that
    /// were exported.
    /// </summary>
    public IReadOnlyList<KeyValuePair<string, torch.Tensor>>? WholeIn(WeightFile file)
    {
        if (Weights.Length == 0)
            return null;
        using var scope = torch.NewDisposeScope();
        if (ExportedWeights.Read(file, Config) is not { } weights || TensorDigest.Of(weights) != Weights)
            return null;
        foreach (var (_, tensor) in weights)
            tensor.MoveToOuterDisposeScope();
        return weights;
    }

    /// <summary>
    /// Returns the parents of the imported checkpoint: those of the exported checkpoint and that checkpoint itself,
    /// with its terms.
    /// </summary>
    public CheckpointParents ParentsOf(ImportedFile file)
    {
        var kept = Parents.With(checkpoints: [], datasets: [], inherited: []);
        return Parents.With(
            inherited: LicensedAncestor.EachOnce(Parents.Inherited.Append(Itself).Concat(kept.Ancestors())),
            imported: file);
    }

    /// <summary>
    /// Returns all ancestors, with their terms, of weights that another program has changed since the export.
    /// </summary>
    public IReadOnlyList<LicensedAncestor> AncestorsOfChanged() =>
        LicensedAncestor.EachOnce(Parents.Ancestors().Append(Itself));

    private LicensedAncestor Itself => new(LineageKind.Checkpoint, Name, Digest, License);

    private static T Decode<T>(string json, string path, string what) =>
        MarrowJson.Decode<T>(Encoding.UTF8.GetBytes(json), path, what, Remedy);
}

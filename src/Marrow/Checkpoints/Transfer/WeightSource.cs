using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Checkpoints.Transfer;

/// <summary>
/// Weights from which a model can start, wherever they are stored. Keys and shapes are known at once; tensors are read
/// when they are asked for.
/// </summary>
internal sealed class WeightSource
{
    private readonly Func<string, torch.Tensor> _read;
    private readonly Action<string, torch.Tensor> _readInto;

    private WeightSource(
        string name,
        string digest,
        ModelSpec? spec,
        IReadOnlyList<KeyValuePair<string, long[]>> shapes,
        Func<string, torch.Tensor> read, Action<string, torch.Tensor> readInto)
    {
        (Name, Digest, Architecture, Shapes, _read, _readInto) = (
            name,
            digest,
            spec?.Architecture ?? "",
            shapes,
            read,
            readInto);
        BackbonePrefix = spec is null ? null : ModelCatalogue.BackbonePrefix(spec);
    }

    /// <summary>The name of the checkpoint or file, for receipts and messages.</summary>
    internal string Name { get; }

    /// <summary>The source's digest; "" when it has none.</summary>
    internal string Digest { get; }

    /// <summary>
    /// The architecture (see <see cref="ModelSpec.Architecture"/>), or "" when it is unknown and the backbone has to be
    /// found by the keys.
    /// </summary>
    internal string Architecture { get; }

    /// <summary>The prefix of the backbone's keys; null when it is unknown.</summary>
    internal string? BackbonePrefix { get; }

    /// <summary>
    /// What was recognised in a file of another program; null for a known architecture, and when nothing was
    /// recognised.
    /// </summary>
    internal ForeignKeys? Foreign { get; private init; }

    /// <summary>
    /// The parts of the file with further weights, which were not taken; each can be asked for by its name.
    /// </summary>
    internal IReadOnlyList<string> OtherParts { get; private init; } = [];

    /// <summary>Says which weights of the file were not read and how each is named; "" when all were.</summary>
    internal string AboutOthers { get; private init; } = "";

    /// <summary>The keys and shapes of all tensors, in the source's order.</summary>
    internal IReadOnlyList<KeyValuePair<string, long[]>> Shapes { get; }

    /// <summary>
    /// Returns the weights of a checkpoint, which must stay open, since they are read when they are asked for.
    /// </summary>
    public static WeightSource Of(Checkpoint checkpoint) =>
        FromFile(
            checkpoint.Weights,
            checkpoint.Name,
            checkpoint.Digest,
            checkpoint.WeightsOnly ? null : checkpoint.Config.Model);

    /// <summary>
    /// A file of unknown architecture, which must stay open: the backbone is looked for among its keys. Where other
    /// programs spell a backbone's keys otherwise, they are given as Marrow's own.
    /// </summary>
    internal static WeightSource Of(WeightFile weights) => FromFile(weights, weights.Path, "", null);

    /// <summary>Returns weights that are tensors in memory. The caller keeps and disposes them.</summary>
    /// <param name="architecture">A key of <see cref="ModelCatalogue"/>, or "" for any other architecture.</param>
    internal static WeightSource Of(
        string name,
        IReadOnlyDictionary<string, torch.Tensor> weights,
        string architecture = ""
    ) =>
        new(
            name,
            "",
            architecture.Length > 0 ? new() { Architecture = architecture } : null,
            [.. weights.Select(w => KeyValuePair.Create(w.Key, w.Value.shape))],
            key => weights[key].alias(),
            (key, target) => target.copy_(weights[key]));

    /// <summary>Reads a tensor, which the caller disposes.</summary>
    internal torch.Tensor Read(string key) => _read(key);

    /// <summary>Reads a tensor into another one of the same shape.</summary>
    internal void ReadInto(string key, torch.Tensor target) => _readInto(key, target);

    private static WeightSource FromFile(WeightFile file, string name, string digest, ModelSpec? spec)
    {
        var asked = spec is null ? ForeignKeys.Asked(file) : file.Entries;
        var entries = asked.ToDictionary(e => e.Name, StringComparer.Ordinal);
        var foreign = spec is null ? ForeignKeys.Of(entries.Keys.ToHashSet(StringComparer.Ordinal)) : null;
        if (foreign is not null)
        {
            var spelled = asked.GroupBy(e => foreign.Spelled(e.Name)).ToList();
            if (spelled.All(g => g.Count() == 1))
                entries = spelled.ToDictionary(g => g.Key, g => g.Single(), StringComparer.Ordinal);
        }
        var others = ForeignKeys.OthersIn(file, foreign);
        return new(name, digest, spec, [.. entries.Select(e => KeyValuePair.Create(e.Key, e.Value.Shape))],
            key => file.Read(entries[key].Name), (key, target) => file.ReadInto(entries[key].Name, target))
        {
            Foreign = foreign,
            OtherParts = others,
            AboutOthers = file.AboutOthers(others),
        };
    }
}

using Marrow.Backbones;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Hub;
using Marrow.Tasks;
using Marrow.Weights;
using Marrow.Weights.PyTorch;
using static TorchSharp.torch;

namespace Marrow.Exchange;

/// <summary>
/// Imports a file of weights made elsewhere as a checkpoint. First the map and the architecture are recognised by keys
/// and shapes. Then each weight of the model is assigned once, and the checkpoint gets the input that the source
/// prepares and the file's SHA-256. No code in the file is executed, and nothing is written before all of the file was
/// read and fitted.
/// </summary>
public static class Importer
{
    /// <summary>The names of the known sources, in the order in which a file is compared with them.</summary>
    public static IReadOnlyList<string> Maps { get; } = [.. ImportMaps.All.Keys];

    /// <summary>
    /// Imports a file. The caller disposes the checkpoint. A file that Marrow exported, or the folder of a bundle,
    /// becomes the same checkpoint again; when its weights were changed since the export, only the licence terms are
    /// kept. Throws <see cref="MarrowException"/> when the file is refused (see <see cref="WeightFiles.Open"/>), when
    /// it fits no known map or model, and when some of its tensors are left over.
    /// </summary>
    public static (Checkpoint Checkpoint, TextReport Report) Import(
        string path, ImportRequest request, CancellationToken cancellation = default)
    {
        var (checkpoint, summary) = Run(path, request, cancellation);
        return (checkpoint, summary.Report(checkpoint));
    }

    /// <summary>Imports a file as <see cref="Import"/> does, and also returns what was found in it.</summary>
    internal static (Checkpoint Checkpoint, ImportSummary Summary) Run(
        string path, ImportRequest request, CancellationToken cancellation = default)
    {
        using var scope = NewDisposeScope();
        using var file = Open(ExportImport.Locate(path), request);
        path = file.Path;
        var exported = ExportedFile.Of(file);
        if (exported is not null
            && request is { Map: null, Keys: null, Part: null }
            && exported.WholeIn(file) is { } whole)
            return ExportImport.Restore(file, exported, whole, request);
        var given = request.Map is { } asked ? ImportSource.Named(asked) : null;
        var source = ImportSource.Of(file, given);
        var (map, entries) = (source.Map, source.Entries);
        var architecture = request.Architecture is { } named
            ? Known(named)
            : KeyMapping.Architecture(source, file);
        var outputs = map.IsWithoutHead ? BackboneCatalogue.Get(architecture).Levels[^1].Channels : source.Outputs;
        // Before anything of these sizes is made: an empty tensor may claim any.
        if (source.Channels is not (1 or 3) || outputs is < 1 or > CheckpointConfig.MostOutputs)
            throw MarrowException.Bad(
                path,
                $"a classifier of 1 or 3 input channels and 1 to {CheckpointConfig.MostOutputs} outputs",
                $"{source.Channels} channels and {outputs} outputs",
                "Name the file of such a model, or take over what fits by a warm start." + source.AboutOthers);
        var (config, warnings) = ImportConfig.Of(request, source, architecture, outputs, file);
        config.Validate(path);

        Dictionary<string, long[]> shapes;
        using (var model = TorchGenerator.Kept(() => ModelCatalogue.Create(config.Model)))
            shapes = model.state_dict().ToDictionary(s => s.Key, s => s.Value.shape, StringComparer.Ordinal);
        var fitted = KeyMapping.Fit(source.ShapesIn(shapes), source, file);
        List<KeyValuePair<string, Tensor>> weights =
        [
            .. fitted.Select(f =>
            {
                cancellation.ThrowIfCancellationRequested();
                return KeyValuePair.Create(f.Key, f.Value is { } entry
                    ? source.Grey(f.Key, Read(file, entry, f.Key))
                    : zeros(1, ScalarType.Int64, CPU).reshape([]));
            }),
            .. source.Head(outputs),
        ];
        var matrices = weights.Where(w => w.Value.Dimensions >= 2).Select(w => w.Value.dtype).Distinct().ToList();
        var summary = new ImportSummary(
            File: new(Path.GetFileName(path), file.Length, file.Sha256(cancellation), map.Name,
                request.License == Licenses.Unknown
                    ? exported?.License ?? map.License ?? request.License
                    : request.License),
            Architecture: architecture,
            Place: file.Place,
            Others: [.. file.Others, .. source.Left],
            OtherParts: source.OtherParts,
            Tensors: file.Entries.Count,
            Mapped: fitted.Values.Count(e => e is not null),
            Renamed: fitted.Count(f => f.Value is { } entry && entry.Name != f.Key),
            Dropped:
            [
                .. map
                    .Dropped.Where(d => entries.ContainsKey(d.Key))
                    .Select(d => new DroppedKey(entries[d.Key].Name, d.Reason)),
            ],
            Filled: fitted.Values.Count(e => e is null),
            Precision: Precision(fitted),
            Classes: config.Classes,
            Input: config.Input.Describe(),
            KeyMap: request.Keys is { } keys ? Path.GetFileName(keys) : null,
            Warnings: warnings);
        var checkpoint = new CheckpointDraft
        {
            Name = request.Name.Contains('.', StringComparison.Ordinal)
                ? request.Name
                : CheckpointName.From(architecture, request.Name),
            Config = config,
            Weights = weights,
            MatricesAs = matrices is [var one] ? one : ScalarType.Float32,
            Card = ImportCard.Of(summary, map, request),
            Parents = new() { Imported = summary.File, Inherited = exported?.AncestorsOfChanged() ?? [] },
            Cancellation = cancellation,
        }.Save(request.HubFolder);
        return (checkpoint, summary);
    }

    private static WeightFile Open(string path, ImportRequest request)
    {
        var file = WeightFiles.Open(path, request.Part);
        return request.Keys is { } keys ? KeyMapFile.Apply(file, keys) : file;
    }

    private static string Known(string architecture) => BackboneCatalogue.Names.Contains(architecture)
        ? architecture
        : throw new MarrowException($"Unknown architecture '{architecture}' for an import. "
            + $"Known: {string.Join(", ", BackboneCatalogue.Names)}.");

    /// <summary>
    /// Reads a tensor in its stored type, except that float64 becomes float32, in which models compute.
    /// </summary>
    private static Tensor Read(WeightFile file, WeightEntry entry, string key)
    {
        using var scope = NewDisposeScope();
        var tensor = file.Read(entry.Name);
        if (is_floating_point(tensor) == key.EndsWith("num_batches_tracked", StringComparison.Ordinal))
            throw MarrowException.Bad(
                file.Path,
                $"'{PickleReader.Shown(entry.Name)}' of a type that the model can take",
                $"{entry.Type}",
                "Save the weights of a plain floating-point model.");
        if (!is_floating_point(tensor))
            return tensor.to(ScalarType.Int64).MoveToOuterDisposeScope();
        if (tensor.dtype == ScalarType.Float64)
            tensor = tensor.to(ScalarType.Float32);
        if (!tensor.isfinite().all().Value<bool>())
            throw MarrowException.Bad(
                file.Path,
                $"finite numbers in '{PickleReader.Shown(entry.Name)}'",
                "infinities or NaN",
                "The weights are of no use: fetch or save them again.");
        return tensor.MoveToOuterDisposeScope();
    }

    private static string Precision(Dictionary<string, WeightEntry?> fitted)
    {
        var types = fitted
            .Values.OfType<WeightEntry>()
            .Select(e => e.Type)
            .Where(t => t is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64)
            .Distinct()
            .Order()
            .ToList();
        return string.Join(
            " and ",
            types.Select(t => t == ScalarType.Float64 ? "float64, rounded to float32" : t.ToString().ToLowerInvariant())
        );
    }
}

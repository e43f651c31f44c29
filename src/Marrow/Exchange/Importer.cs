using System.Globalization;
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
    /// kept. Throws <see cref="MarrowException"/> when the file is refused (see <see cref="PyTorchWeights.Open"/>),
    /// when it fits no known map or model, when some of its tensors are left over, and when its classes have no names.
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
        path = ExportImport.Locate(path);
        using var file = WeightFiles.Open(path);
        var exported = ExportedFile.Of(file);
        if (exported is not null && request.Map is null && exported.WholeIn(file) is { } whole)
            return ExportImport.Restore(file, exported, whole, request);
        var given = request.Map is { } asked ? ImportSource.Named(asked) : null;
        var source = ImportSource.Of(file, given);
        var (map, entries) = (source.Map, source.Entries);
        var architecture = request.Architecture is { } named
            ? Known(named)
            : KeyMapping.Architecture(entries, source.Kind, path);
        var outputs = map.IsWithoutHead ? BackboneCatalogue.Get(architecture).Levels[^1].Channels : source.Outputs;
        if (source.Channels is not (1 or 3) || outputs < 1)
            throw MarrowException.Bad(
                path,
                "a classifier of 1 or 3 input channels",
                $"{source.Channels} channels and {outputs} outputs",
                "Name the file of such a model, or take over what fits by a warm start.");
        var classes = Classes(request.Classes ?? source.NamesOf(outputs), outputs, map, path);
        var config = Config(
            request,
            map,
            architecture,
            map.GreyFactor is null ? source.Channels : 1,
            classes,
            Thresholds(file, entries));
        config.Validate(path);

        Dictionary<string, long[]> shapes;
        using (var model = TorchGenerator.Kept(() => ModelCatalogue.Create(config.Model)))
            shapes = model.state_dict().ToDictionary(s => s.Key, s => s.Value.shape, StringComparer.Ordinal);
        var fitted = KeyMapping.Fit(source.ShapesIn(shapes), entries, map, path);
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
            Place: (file as PyTorchWeights)?.Place ?? "",
            Others: (file as PyTorchWeights)?.Others ?? [],
            Tensors: entries.Count,
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
            Classes: classes,
            Input: config.Input.Describe());
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

    private static string Known(string architecture) => BackboneCatalogue.Names.Contains(architecture)
        ? architecture
        : throw new MarrowException($"Unknown architecture '{architecture}' for an import. "
            + $"Known: {string.Join(", ", BackboneCatalogue.Names)}.");

    private static IReadOnlyList<string> Classes(
        IReadOnlyList<string> names,
        int outputs,
        ImportMap map,
        string path
    ) =>
        names.Count == outputs
            ? names
            : throw MarrowException.Bad(
                path,
                string.Create(CultureInfo.InvariantCulture, $"a name for each of its {outputs} outputs"),
                names.Count == 0
                    ? "none: the file has no names"
                    : $"{names.Count} of the map {map.Name} or of --classes",
                "Give them in order: --classes A,B,C.");

    /// <summary>
    /// Returns torchxrayvision's operating points, one for each output; null when the file has none. NaN stands for an
    /// output that was never trained.
    /// </summary>
    private static float[]? Thresholds(WeightFile file, IReadOnlyDictionary<string, WeightEntry> entries)
    {
        if (!entries.TryGetValue("op_threshs", out var entry) || entry.Elements > int.MaxValue)
            return null;
        using var scope = NewDisposeScope();
        return file.Read(entry.Name).to(ScalarType.Float32).Values<float>();
    }

    private static CheckpointConfig Config(
        ImportRequest request,
        ImportMap map,
        string architecture,
        int channels,
        IReadOnlyList<string> classes,
        float[]? thresholds)
    {
        var input = map.Input(channels);
        return new()
        {
            Model = new() { Architecture = architecture, Channels = channels, Outputs = classes.Count },
            Task = ModelCatalogue.TaskOf(architecture),
            Classes = classes,
            ExclusiveClasses = request.ExclusiveClasses ?? map.ExclusiveClasses,
            Input = input with { Width = request.Width ?? input.Width, Height = request.Height ?? input.Height },
            Outputs = [.. classes.Select((name, i) => map.IsWithoutHead ? Feature(name) : Output(name, i))],
        };

        OutputMeaning Feature(string name) =>
            new(
                name,
                "number",
                "A feature of the backbone, averaged over the image; it stands for no finding.",
                Trained: false);

        OutputMeaning Output(string name, int i) => thresholds is null || i >= thresholds.Length
            ? new(name, "probability", $"{name} is present.")
            : float.IsNaN(thresholds[i])
                ? new(
                    name,
                    "probability",
                    $"{name} is present; torchxrayvision has no operating point for it.",
                    Trained: false)
            : new(
                name,
                "probability",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name} is present; torchxrayvision's operating point is {thresholds[i]:G6}."));
    }

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

using System.Text;
using Marrow.Checkpoints.Transfer;
using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Weights;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints;

/// <summary>
/// A checkpoint on disk: weights, their input and output, where they came from, and how well they were measured to do.
/// Loading checks every byte against the manifest; building the model also checks the golden sample. A checkpoint is
/// never changed once it is written. Disposing it closes the file of weights.
/// </summary>
public sealed class Checkpoint : IDisposable
{
    internal const string WeightsFile = "model.safetensors";
    internal const string ConfigFile = "config.json";
    internal const string CardFile = "README.md";
    internal const string ReceiptFile = "receipt.json";
    internal const string MetricsFile = "metrics.json";
    internal const string GoldenFile = "golden.json";
    internal const string SplitFile = "split.json";

    private readonly CheckpointConfig? _config;

    private Checkpoint(
        string path,
        string name,
        Digest digest,
        DateTimeOffset created,
        CheckpointConfig? config,
        WeightFile weights)
    {
        (Path, Name, Digest, Created, _config, Weights) = (path, name, digest, created, config, weights);
    }

    /// <summary>The checkpoint's folder; for bare weights, their file.</summary>
    public string Path { get; }

    /// <summary>The name, such as "densenet121.cxr-pediatric"; for bare weights, the name of the file.</summary>
    public string Name { get; }

    /// <summary>The digest of the manifest, which has all files' hashes; for bare weights, of their file.</summary>
    public Digest Digest { get; }

    /// <summary>The time when it was saved; for bare weights, the time of the file.</summary>
    public DateTimeOffset Created { get; }

    /// <summary>True for a bare file of weights, which a warm start can use but which has no config.</summary>
    public bool WeightsOnly => _config is null;

    /// <summary>
    /// The config, which says what the model is, expects and returns. Throws <see cref="MarrowException"/> for bare
    /// weights.
    /// </summary>
    public CheckpointConfig Config => _config
        ?? throw MarrowException.Bad(
            Path,
            "a checkpoint with its config.json",
            "weights alone",
            "Use them to warm-start a model; to predict or evaluate, name a whole checkpoint.");

    /// <summary>The licence of the weights, as an SPDX identifier or a LicenseRef.</summary>
    public string License { get; private init; } = Licenses.Unknown;

    /// <summary>The checkpoints, data sets and files from which it was made; empty for bare weights.</summary>
    public CheckpointParents Parents { get; private init; } = new();

    /// <summary>What made the checkpoint; null for bare weights and for checkpoints of early versions.</summary>
    public CheckpointOrigin? Origin { get; private init; }

    /// <summary>The values that were measured of it; empty when nothing was measured.</summary>
    public IReadOnlyList<MeasuredValue> Metrics { get; private init; } = [];

    /// <summary>The receipt of the warm start; null when it was trained from scratch or imported.</summary>
    public TransferReceipt? Receipt { get; private init; }

    /// <summary>The golden sample; null when none was recorded.</summary>
    internal GoldenSample? Golden { get; private init; }

    /// <summary>
    /// The record of the images that were held out; null when none were, and in checkpoints of early versions.
    /// </summary>
    internal RecordedSplit? Split { get; private init; }

    /// <summary>The file of weights, opened and checked. Tensors are read when they are asked for.</summary>
    internal WeightFile Weights { get; }

    /// <summary>Reads the paragraph below the title of the model card; "" when there is none.</summary>
    internal string ReadSummary() =>
        !WeightsOnly && CheckpointManifest.Read(Path).ReadListed(Path, CardFile) is { } card
            ? ModelCardText.Summary(Encoding.UTF8.GetString(card))
            : "";

    /// <summary>Reads a section of the model card by its title; "" when there is none.</summary>
    internal string ReadSection(string title) =>
        !WeightsOnly && CheckpointManifest.Read(Path).ReadListed(Path, CardFile) is { } card
            ? ModelCardText.SectionOf(Encoding.UTF8.GetString(card), title)
            : "";

    /// <summary>
    /// Loads and verifies a checkpoint. Throws <see cref="MarrowException"/> when any file is missing or differs by a
    /// single bit from what was saved, and when the config asks for something that this version does not have.
    /// </summary>
    public static Checkpoint Load(string folder) => Load(folder, CancellationToken.None);

    /// <summary>Loads a checkpoint. Throws <see cref="OperationCanceledException"/> when it is cancelled.</summary>
    internal static Checkpoint Load(string folder, CancellationToken cancellation) =>
        Load(folder, _ => { }, cancellation);

    /// <summary>
    /// Loads a checkpoint and copies its weights into a model in one pass, as <see cref="Load(string)"/> and
    /// <see cref="LoadInto"/> do. After an exception the model must not be used, since bytes are verified while they
    /// are copied.
    /// </summary>
    public static Checkpoint Load(string folder, Module into, bool verifyGolden = true)
    {
        var checkpoint = Load(folder, opened => ModelWeights.LoadExactly(into, opened.Weights));
        try
        {
            checkpoint.Verify(into, verifyGolden);
            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Loads a checkpoint. Hashing takes longest, so the rest runs beside it, and both end before anything is returned.
    /// </summary>
    private static Checkpoint Load(
        string folder,
        Action<Checkpoint> meanwhile,
        CancellationToken cancellation = default)
    {
        var manifest = CheckpointManifest.Read(folder);
        var hashing = Task.Run(() => manifest.VerifyFiles(folder, cancellation), CancellationToken.None);
        Checkpoint? checkpoint = null;
        try
        {
            checkpoint = Open(folder, manifest);
            meanwhile(checkpoint);
            hashing.GetAwaiter().GetResult();
            return checkpoint;
        }
        catch
        {
            checkpoint?.Dispose();
            hashing.GetAwaiter().GetResult(); // a damaged file is the cause of whatever came of it
            throw;
        }
    }

    private static Checkpoint Open(string folder, CheckpointManifest manifest)
    {
        var config = Read<CheckpointConfig>(ConfigFile);
        config.Validate(System.IO.Path.Combine(folder, ConfigFile));
        var metrics = Optional<List<MeasuredValue>>(MetricsFile) ?? [];
        var receipt = Optional<TransferReceipt>(ReceiptFile);
        var golden = Optional<GoldenSample>(GoldenFile);
        golden?.Validate(System.IO.Path.Combine(folder, GoldenFile), config.Model);
        if (!manifest.Lists(WeightsFile))
            throw MarrowException.Damaged(folder, WeightsFile, "none in the manifest", "Save the checkpoint again.");
        return new(
            folder,
            manifest.Name,
            manifest.Digest,
            manifest.Created,
            config,
            OpenWeights(System.IO.Path.Combine(folder, WeightsFile), config.Model))
        {
            License = manifest.License,
            Parents = manifest.Parents,
            Origin = manifest.Origin,
            Metrics = metrics,
            Receipt = receipt,
            Golden = golden,
            Split = ReadSplit(folder, manifest),
        };

        T Read<T>(string file)
        {
            var path = System.IO.Path.Combine(folder, file);
            return manifest.Lists(file)
                ? CheckpointJson.Decode<T>(CheckpointManifest.ReadSmall(path), path)
                : throw MarrowException.Damaged(folder, file, "none in the manifest", "Save the checkpoint again.");
        }

        T? Optional<T>(string file) where T : class => manifest.Lists(file) ? Read<T>(file) : null;
    }

    private static Safetensors OpenWeights(string path, ModelSpec model)
    {
        var weights = Safetensors.Open(path);
        try
        {
            RequireSize(weights, model);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/> when the file can't hold the model, before anything of that size is
    /// allocated.
    /// </summary>
    internal static void RequireSize(WeightFile weights, ModelSpec model)
    {
        var (least, found) = (
            ModelCatalogue.LeastElements(model),
            weights.Entries.Aggregate((Int128)0, (sum, entry) => sum + entry.Elements));
        if (found < least)
            throw MarrowException.Damaged(
                weights.Path,
                $"the {least} numbers or more of the {model.Architecture} that the config describes",
                $"{found}",
                "The checkpoint is damaged or was changed: fetch or save it again.");
    }

    /// <summary>
    /// Loads a bare file of weights in the format of safetensors, PyTorch or ONNX, or weights in several files by their
    /// index.
    /// </summary>
    /// <param name="part">The set of weights that is meant when the file has several; null to choose by name.</param>
    internal static Checkpoint LoadWeights(
        string path, string? part = null, CancellationToken cancellation = default)
    {
        var weights = WeightFiles.Open(path, part);
        try
        {
            return new(
                weights.Path,
                System.IO.Path.GetFileNameWithoutExtension(weights.Path)
                    + (part is null ? "" : $"{WeightReference.PartMark}{part}"),
                Digest.OfHex(weights.Sha256(cancellation)),
                File.GetLastWriteTimeUtc(weights.Path),
                null,
                weights);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Builds the model with these weights, on the CPU and in evaluation mode. The caller disposes it. The state of
    /// torch's random generator is the same afterwards, also when several threads build at once. Throws
    /// <see cref="MarrowException"/> when a weight does not fit, when the golden sample is not reproduced, and for a
    /// user's own module, which is passed to <see cref="LoadInto"/> instead.
    /// </summary>
    public Module BuildModel(bool verifyGolden = true)
    {
        if (Config.IsOwnModule)
            throw MarrowException.Unsupported(
                Path,
                "an architecture that Marrow can build",
                $"'{Config.Model.Architecture}', a module of its maker's own",
                $"Build that module with its maker's code and give it to {nameof(Checkpoint)}.{nameof(LoadInto)}.");
        return Build(Weights, () => ModelCatalogue.Create(Config.Model), model => Verify(model, verifyGolden));
    }

    /// <summary>
    /// Copies every weight into a model that the caller has built on the CPU, whether it is of the catalogue or the
    /// user's own module. The model stays in training or evaluation mode. Throws <see cref="MarrowException"/> before
    /// changing anything when a key is missing, left over or of another shape, and also when the checkpoint's golden
    /// sample is not reproduced.
    /// </summary>
    public void LoadInto(Module model, bool verifyGolden = true)
    {
        ModelWeights.LoadExactly(model, Weights);
        Verify(model, verifyGolden);
    }

    private void Verify(Module model, bool verifyGolden)
    {
        if (!verifyGolden || Golden is not { } golden)
            return;
        var path = System.IO.Path.Combine(Path, GoldenFile);
        golden.Verify(model, path);
        golden.Finding?.Verify(Config, path);
    }

    /// <summary>
    /// The record of the held-out images, or null. Throws <see cref="MarrowException"/> when it is damaged.
    /// </summary>
    internal static RecordedSplit? ReadSplit(string folder, CheckpointManifest manifest)
    {
        var split = manifest.ReadListed<RecordedSplit>(folder, SplitFile);
        split?.Validate(System.IO.Path.Combine(folder, SplitFile));
        return split;
    }

    /// <summary>A model with the weights, in evaluation mode, once <paramref name="check"/> has seen it.</summary>
    internal static Module Build(WeightFile weights, Func<Module> create, Action<Module> check)
    {
        var model = TorchGenerator.Kept(create);
        try
        {
            ModelWeights.LoadExactly(model, weights);
            model.eval();
            check(model);
            return model;
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns what is known of one part of a checkpoint of several tasks, as if the part were a checkpoint of its own:
    /// config, data and what was held out. Its model is built with the whole, which also owns the file of weights.
    /// </summary>
    internal Checkpoint OfPart(string name, CheckpointConfig config) =>
        new(Path, Name, Digest, Created, config, Weights)
        {
            License = License,
            Parents = Parents.With(datasets: [.. Parents.Datasets.Where(data => data.Part == name)]),
            Origin = Origin,
            Split = Split?.OfPart(name),
        };

    /// <summary>Closes the file of weights.</summary>
    public void Dispose() => Weights.Dispose();
}

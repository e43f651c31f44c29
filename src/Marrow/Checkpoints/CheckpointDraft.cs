using Marrow.Checkpoints.Transfer;
using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints;

/// <summary>
/// All parts of a checkpoint before it has a digest. Saving writes the files into a staging folder of the hub and then
/// renames that folder, so that half a checkpoint is never visible.
/// </summary>
public sealed record CheckpointDraft
{
    private const ulong GoldenSeed = 17;
    private const int GoldenSide = 64; // px; deep enough for stride 32, quick to compute at each load

    /// <summary>The name of the checkpoint; see <see cref="CheckpointName"/>.</summary>
    public required string Name { internal get; init; }

    /// <summary>The config, which says what the model is, expects and returns.</summary>
    public required CheckpointConfig Config { internal get; init; }

    /// <summary>The weights by key, in the order of the module's state_dict.</summary>
    public required IReadOnlyList<KeyValuePair<string, torch.Tensor>> Weights { internal get; init; }

    /// <summary>
    /// Builds a user's own module, with which the golden sample is made. Saving disposes that module. Null for
    /// architectures of the catalogue.
    /// </summary>
    public Func<Module>? Create { internal get; init; }

    /// <summary>The number type of tensors with two or more dimensions, unless something else is asked for.</summary>
    internal const torch.ScalarType UsualMatrices = torch.ScalarType.BFloat16;

    /// <summary>The number type of tensors with two or more dimensions. Float32 keeps every bit.</summary>
    internal torch.ScalarType MatricesAs { get; init; } = UsualMatrices;

    /// <summary>The parts of the model card that only the maker knows.</summary>
    public required ModelCard Card { internal get; init; }
    /// <summary>
    /// What the checkpoint was made from. <see cref="CheckpointParents.WarmStartedFrom"/> gives it for a warm start.
    /// </summary>
    public CheckpointParents Parents { internal get; init; } = new();
    /// <summary>The measured values; empty when nothing was measured.</summary>
    public IReadOnlyList<MeasuredValue> Metrics { internal get; init; } = [];
    /// <summary>The receipt of the warm start; null when all weights began at random or were imported.</summary>
    public TransferReceipt? Receipt { internal get; init; }
    /// <summary>The time by which the newest checkpoint of a name is found. It is part of the digest.</summary>
    internal DateTimeOffset Created { get; init; } = DateTimeOffset.UtcNow;

    /// <summary>
    /// The shape of the golden sample's input, [N, C, H, W]. Null stands for one image of 64 x 64 pixels or, for a
    /// user's own module, of the input's size.
    /// </summary>
    internal long[]? GoldenShape { get; init; }

    /// <summary>The division that says which images were held out; null when none were.</summary>
    internal RecordedSplit? Split { get; init; }

    /// <summary>Cancels the saving, which then leaves nothing behind.</summary>
    internal CancellationToken Cancellation { get; init; }

    /// <summary>Throws <see cref="MarrowException"/> when the draft can't become a checkpoint.</summary>
    internal void Validate()
    {
        CheckpointName.Require(Name, "checkpoint");
        Config.Validate($"{Name}: config");
        if (Create is null == Config.IsOwnModule)
            throw MarrowException.Bad(
                Name,
                $"{nameof(Create)}, which builds the module, for the task {CheckpointTask.Custom} and for no other",
                Create is null ? "none" : "one",
                $"Correct {nameof(Create)} or the task.");
    }

    /// <summary>Writes every file of the checkpoint into an empty folder.</summary>
    internal CheckpointManifest WriteFiles(string folder)
    {
        var weightsPath = Path.Combine(folder, Checkpoint.WeightsFile);
        var metadata = new Dictionary<string, string>
        {
            ["name"] = Name,
            ["architecture"] = Config.Model.Architecture,
            ["marrow"] = Config.MarrowVersion,
        };
        Safetensors.Write(weightsPath, Weights, metadata, MatricesAs);
        Cancellation.ThrowIfCancellationRequested();
        using (var stored = Safetensors.Open(weightsPath))
        using (var model = Checkpoint.Build(stored, Create ?? (() => ModelCatalogue.Create(Config.Model)), _ => { }))
        {
            var (height, width) = Create is null ? (GoldenSide, GoldenSide) : (Config.Input.Height, Config.Input.Width);
            long[] shape = GoldenShape ?? [1, Config.Model.Channels, height, width];
            if (ModelOutputs.AreKnown(model))
            {
                GoldenSample.RequirePossible($"{Name}: {nameof(GoldenShape)}", shape, Config.Model);
                var golden = GoldenSample.Record(model, shape, GoldenSeed);
                WriteJson(Checkpoint.GoldenFile, golden with { Finding = GoldenFinding.Record(Config, Name) });
            }
        }
        WriteJson(Checkpoint.ConfigFile, Config.Whole(Name));
        WriteJson(Checkpoint.MetricsFile, Metrics);
        if (Receipt is not null)
            WriteJson(Checkpoint.ReceiptFile, Receipt);
        if (Split is not null)
            WriteJson(Checkpoint.SplitFile, Split);
        AtomicFile.WriteText(Path.Combine(folder, Checkpoint.CardFile), ModelCardText.Render(this));

        var files = Directory.GetFiles(folder).Order(StringComparer.Ordinal).Select(Describe).ToList();
        var (bytes, manifest) = new CheckpointManifest
        {
            Name = Name,
            Created = Created,
            License = Card.License,
            Parents = Parents,
            Origin = new(CheckpointConfig.CodeVersion, Card.Training),
            Files = files,
        }.Seal();
        AtomicFile.Write(Path.Combine(folder, CheckpointManifest.FileName), stream => stream.Write(bytes));
        return manifest;

        void WriteJson<T>(string file, T value) =>
            AtomicFile.Write(Path.Combine(folder, file), stream => stream.Write(CheckpointJson.Encode(value)));
    }

    private ManifestFile Describe(string path)
    {
        using var stream = InputFile.Open(path, InputFile.AnySize, 1);
        return new(Path.GetFileName(path), stream.Length, FileHash.Sha256(stream, Cancellation));
    }
}

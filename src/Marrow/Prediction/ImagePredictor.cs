using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Crops;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Predicts with one checkpoint of any task, on the whole image or on the one crop that a first look gives. The
/// preprocessing is that of the checkpoint's input contract. Outputs for which training saw no label are masked.
/// </summary>
internal sealed class ImagePredictor : IJudgingPredictor
{
    private readonly TaskModel _task;
    private readonly ITaskReading _reading;
    private readonly FirstLooker? _first;
    private readonly Explainer _explainer;
    private readonly Compute _compute;
    private readonly CheckpointUse _use;

    /// <summary>
    /// Loads and verifies the checkpoint. Throws <see cref="MarrowException"/> when its task finds nothing by itself,
    /// when it looks at several crops of an image, or at one by another checkpoint than the one given.
    /// </summary>
    /// <param name="compute">The way of computing; null for the fastest one on this machine.</param>
    /// <param name="first">
    /// The checkpoint by which images are cropped; null when the other one looks at whole images.
    /// </param>
    public ImagePredictor(Checkpoint checkpoint, Compute? compute = null, Checkpoint? first = null)
    {
        var crop = checkpoint.Config.Input.Crop;
        if (crop is not null && !CropKind.Of(crop.Region).StandsForImage)
            throw MarrowException.Bad(
                checkpoint.Name,
                "a checkpoint for whole images, or for one crop of each",
                $"one for {crop.Describe()}",
                "Give the checkpoint by which it crops too.");
        if (crop is not null && first?.Digest != crop.Digest)
            throw FirstLooker.Missing(checkpoint);
        _task = checkpoint.BuildTask();
        try
        {
            _reading = _task.Reading(checkpoint.Config.Outputs)
                ?? throw MarrowException.Bad(
                    checkpoint.Name,
                    "a checkpoint that finds something by itself",
                    $"one for {_task.Name}",
                    "Name another with --checkpoint.");
            _compute = compute ?? Compute.Choose();
            _compute.ArrangeForInference(_task.Model);
            _explainer = new(checkpoint.Name, _task, checkpoint.Config.Outputs, _compute);
            _first = crop is null ? null : new(first!, crop.Region, new(_compute.Device));
        }
        catch
        {
            Dispose();
            throw;
        }
        _use = new(checkpoint.Config.Task, checkpoint.Name, checkpoint.Digest);
        Untrained = [.. checkpoint.Config.Outputs.Where(o => !o.Trained).Select(o => o.Name)];
    }

    /// <summary>Returns true when a checkpoint can make a finding by itself.</summary>
    public static bool Serves(Checkpoint checkpoint) =>
        (checkpoint.Config.Input.Crop is not { } crop || CropKind.Of(crop.Region).StandsForImage)
        && Serves(checkpoint.Config.Task);

    /// <summary>Returns true for a task whose models can make a finding by themselves.</summary>
    public static bool Serves(string task) => TaskCatalogue.Find(task) is { SpineRole: null or SpineRole.Corners };

    private CropKind Kind => CropKind.Of(_task.Input.Crop!.Region);

    public IReadOnlyList<string> Columns => _reading.Columns;

    public IReadOnlyList<string> Untrained { get; }

    public IReadOnlyList<string?> Masks => _reading.Nothing.OfType<RegionsPart>().Any() ? [null] : [];

    public IReadOnlyList<CheckpointUse> Checkpoints => [_use];

    public (int Width, int Height) DecodeSize => _task.Input.DecodeSize; // a crop's is the full one

    public IReadOnlyList<string> Explainable => _explainer.Names;

    public void RequireExplainable(IReadOnlyList<string> names) => _explainer.Require(names);

    public double UnfamiliarityOf(Radiograph radiograph)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var packed = Preprocessor.Prepare(radiograph, _task.Input);
        return _task.UnfamiliarityOf(_compute.Arrange(Preprocessor.ToTensor([packed], _task.Input)), _compute)[0];
    }

    public Finding Predict(Radiograph radiograph, PredictionOptions options = default)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var look = _first?.Look(radiograph, options.Fast);
        var packed = look is null
            ? Preprocessor.Prepare(radiograph, _task.Input)
            : Preprocessor.Prepare(radiograph, _task.Input, Kind.Crops(_task.Input.Crop!, look)[0]!);
        var image = _compute.Arrange(Preprocessor.ToTensor([packed], _task.Input));
        var refusals = _task.RefusalsOf(image, [packed.ToInput], _compute)[0];
        var about = new Finding(
            file: radiograph.Source, width: radiograph.OriginalWidth, height: radiograph.OriginalHeight)
        {
            Warnings = look is { IsUsable: false }
                ? [.. radiograph.Warnings, $"No {Kind.Found} were found to crop by: the whole image was shown."]
                : radiograph.Warnings,
            Checkpoints = Checkpoints,
            Looks = _first is null ? null : options.Looks,
        };
        if (refusals.Count > 0 && !options.Anyway)
            return about.Refused(refusals, _reading.Nothing);
        var found = _reading.Read(image, packed.ToInput, about, _compute);
        if (options.Explained is { } explained)
            found = found.With(
                _explainer.Explain(image, packed.ToInput, radiograph, found.Parts.FirstOrDefault(), explained));
        return refusals.Count > 0 ? found.Despite(refusals) : found;
    }

    public Finding Failed(string file, string reason) => Finding.Failed(file, reason, _reading.Nothing);

    public void Dispose()
    {
        _task.Dispose();
        _first?.Dispose();
    }
}

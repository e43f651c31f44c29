using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Radiograph -> classes, numbers or points, by one checkpoint, on the whole image or on the spine that a detector finds.
/// The preprocessing is that of its input contract; outputs that no label was seen of are masked. Not for use by several threads at once.
/// </summary>
public sealed class ImagePredictor : IDisposable
{
    internal delegate ImageFinding Reader(Tensor images, AffineTransform toOriginal, ImageFinding finding);

    private readonly TaskModel _task;
    private readonly CropDetector? _detector;
    private readonly Compute _compute;
    private readonly Reader _read;
    private readonly CheckpointUse _use;
    private readonly IReadOnlyList<string> _masked;

    /// <summary>
    /// Loads and verifies the checkpoint. Throws <see cref="MarrowException"/> when it is for another task, looks at single
    /// vertebrae, or looks at crops by another detector than the one given.
    /// </summary>
    /// <param name="compute">Null: the fastest way of this processor.</param>
    /// <param name="detector">Null where the checkpoint looks at whole images.</param>
    public ImagePredictor(Checkpoint checkpoint, Compute? compute = null, Checkpoint? detector = null)
    {
        if (!Tasks.Contains(checkpoint.Config.Task))
            throw new MarrowException($"{checkpoint.Name}: expected a checkpoint for {string.Join(", ", Tasks)}, found one for {checkpoint.Config.Task}.");
        var crop = checkpoint.Config.Input.Crop;
        if (crop is { Region: CropRegion.Vertebra })
            throw MarrowException.Bad(checkpoint.Name, "a checkpoint for whole images or for the spine", "one for single vertebrae", $"Give it to a {nameof(SpinePredictor)}, with its detector.");
        if (crop is not null && detector?.Digest != crop.Digest)
            throw SpinePredictor.CropMissing(checkpoint);
        _detector = crop is null ? null : new(detector!);
        _compute = compute ?? Compute.Choose();
        _task = checkpoint.BuildTask();
        _compute.PrepareForInference(_task.Model);
        var outputs = checkpoint.Config.Outputs;
        (_read, Columns) = _task switch
        {
            ClassifyTask classify => (ClassReading.By(classify, _compute, outputs), ClassReading.Columns(classify, outputs)),
            RegressTask regress => (NumberReading.By(regress, _compute, outputs), NumberReading.Columns(outputs)),
            PointsTask points => ((Reader)PointReading.By(points, _compute, outputs), PointReading.Columns(outputs)),
            _ => throw new InvalidOperationException($"No reading for {_task.Name}."),
        };
        _use = new(checkpoint.Config.Task, checkpoint.Name, checkpoint.Digest);
        _masked = [.. outputs.Where(o => !o.Trained).Select(o => o.Name)];
    }

    /// <summary>The tasks whose checkpoints it takes.</summary>
    public static IReadOnlyList<string> Tasks { get; } = [CheckpointTask.Classify, CheckpointTask.Regress, CheckpointTask.Points];

    /// <summary>Of a table with a row an image, between the file and the status: "class", "fracture", "age (years)", "hip_x".</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Of outputs that are masked, for those no label was seen in training.</summary>
    public IReadOnlyList<string> Masked => _masked;

    /// <summary>Reads and measures one file; the radiograph is for drawing on. Throws <see cref="MarrowException"/> when it can't be read.</summary>
    public (ImageFinding Finding, Radiograph Radiograph) Predict(string path)
    {
        var size = _task.Input.DecodeSize; // a crop's is the full one
        var radiograph = RadiographReader.Read(path, size.Width, size.Height);
        return (Predict(radiograph), radiograph);
    }

    /// <summary>The same for a radiograph in memory.</summary>
    public ImageFinding Predict(Radiograph radiograph)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var spine = _detector?.Detect(radiograph);
        var packed = spine is null
            ? Preprocessor.Prepare(radiograph, _task.Input)
            : Preprocessor.Prepare(radiograph, _task.Input, _task.Input.Crop!.Windows(spine)[0]);
        var images = _compute.Prepare(Preprocessor.ToTensor([packed], _task.Input));
        return _read(images, packed.ToInput.Invert(), new()
        {
            File = radiograph.Source,
            Width = radiograph.OriginalWidth,
            Height = radiograph.OriginalHeight,
            Warnings = spine is { IsUsable: false } ? [.. radiograph.Warnings, "No spine was found to crop by: the whole image was shown."] : radiograph.Warnings,
            Checkpoint = _use,
        });
    }

    public void Dispose()
    {
        _task.Dispose();
        _detector?.Dispose();
    }
}

using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// Crops the images of a stage: it loads the detector, looks at every image once and turns the parts of the data into
/// crops.
/// </summary>
internal sealed class StageCropping : IDisposable
{
    private const int ListedImages = 3;

    private readonly CropDetector _detector;
    private readonly Stage _stage;

    private StageCropping(Stage stage, Checkpoint source, InputCrop crop, DeviceChoice device)
    {
        (_stage, Source, Crop) = (stage, source, crop);
        _detector = new(source, device);
    }

    /// <summary>The checkpoint of the detector.</summary>
    public Checkpoint Source { get; }

    /// <summary>The description of the crop that is stored with the weights.</summary>
    public InputCrop Crop { get; }

    /// <summary>
    /// Uses a detector's checkpoint, which the cropping owns from then on. Throws <see cref="MarrowException"/> when it
    /// detects nothing by which images can be cropped.
    /// </summary>
    public static StageCropping By(Checkpoint source, Stage stage, DeviceChoice device)
    {
        try
        {
            CropDetector.Require(source);
            var crop = stage.Crop!;
            return new(stage, source, new(crop.Region, crop.Margin, source.Name, source.Digest), device);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns the same parts of the data as crops. What the detector has found is kept in the run's folder.
    /// </summary>
    public StageSamples Apply(StageSamples data, StageContext context)
    {
        var spines = Look([.. data.Training, .. data.Validation, .. data.HeldOut], data.Dataset, context);
        var training = CroppedSamples.Of(data.Training, Crop, spines);
        if (training.Count < _stage.Train.Batch)
            throw MarrowException.Bad(
                _stage.Name,
                $"{_stage.Train.Batch} or more crops to train on, a batch",
                $"{training.Count}, where {Crop.Detector} saw a vertebra",
                "Train the detector for longer, or lower train.batch.");
        return data with
        {
            Dataset = CroppedSamples.Describe(data.Dataset, Crop.Region),
            Split = data.Split with { Train = training, HeldOut = CroppedSamples.Of(data.HeldOut, Crop, spines) },
            Training = training,
            Validation = CroppedSamples.Of(data.Validation, Crop, spines),
        };
    }

    public void Dispose()
    {
        _detector.Dispose();
        Source.Dispose();
    }

    private IReadOnlyDictionary<string, DetectedSpine> Look(
        IReadOnlyList<Sample> samples, Dataset dataset, StageContext context)
    {
        var name = $"{Crop.Detector}-{Digest.Shorten(Crop.Digest)}.{dataset.Name}.jsonl";
        using var kept = new DetectionFile(Path.Combine(context.Request.OutFolder, "detections", name));
        var spines = _detector.Detect(
            samples,
            kept,
            at => context.Report(RunEvent.Of(at with { What = $"{_stage.Name}: {at.What}" })),
            context.Cancellation);
        var without = spines.Where(s => !s.Value.IsUsable).Select(s => s.Key).Order(StringComparer.Ordinal).ToList();
        if (without.Count > 0)
        {
            var instead = Crop.Region == CropRegion.Spine ? "of which all is shown" : "which are left out";
            context.Say(
                $"no spine found on {without.Count} of {spines.Count} images, {instead}: "
                    + $"{string.Join(", ", without.Take(ListedImages))}{(without.Count > ListedImages ? " ..." : "")}"
            );
        }
        return spines;
    }
}

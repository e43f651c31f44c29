using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Tasks.Crops;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// Crops the images of a stage: it loads the model that looks first, lets it look at every image once and turns the
/// parts of the data into crops.
/// </summary>
internal sealed class StageCropping : IDisposable
{
    private const int ListedImages = 3;

    private readonly Stage _stage;

    private StageCropping(Stage stage, Checkpoint source, InputCrop crop, DeviceChoice device)
    {
        (_stage, Source, Crop) = (stage, source, crop);
        First = new(source, crop.Region, device);
    }

    /// <summary>The model that looks first.</summary>
    public FirstLooker First { get; }

    /// <summary>The checkpoint that looks first.</summary>
    public Checkpoint Source { get; }

    /// <summary>The description of the crop that is stored with the weights.</summary>
    public InputCrop Crop { get; }

    /// <summary>
    /// Uses a checkpoint that looks first, which the cropping owns from then on. Throws <see cref="MarrowException"/>
    /// when it finds nothing by which images can be so cropped.
    /// </summary>
    public static StageCropping By(Checkpoint source, Stage stage, DeviceChoice device)
    {
        try
        {
            var crop = stage.Crop!;
            FirstLooker.Require(source, crop.Region);
            return new(stage, source, new(crop.Region, crop.Margin, source.Name, source.Digest, crop.Side), device);
        }
        catch
        {
            source.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns the same parts of the data as crops. What the first look has found is kept in the run's folder. Throws
    /// <see cref="MarrowException"/> when it finds other things than the data labels, and too few for a batch.
    /// </summary>
    public StageSamples Apply(StageSamples data, StageContext context)
    {
        var kind = CropKind.Of(Crop.Region);
        var shown = kind.Describe(data.Dataset);
        var points = shown.PointNames.Select((name, k) => (name, data.Training.Any(sample => sample.HasPoint(k))));
        if (kind.Fault(Source.Config, [.. points]) is var (expected, other))
            throw MarrowException.Bad(
                $"{_stage.Name}: {Source.Name}",
                expected,
                other,
                "Name another checkpoint by crop.by, or by data.labelColumns the points that it finds, in its order.");
        var found = Look([.. data.Training, .. data.Validation, .. data.HeldOut], data.Dataset, context);
        var training = CroppedSamples.Of(data.Training, Crop, found, CropUse.Training);
        if (training.Count < _stage.Train.Batch)
            throw MarrowException.Bad(
                _stage.Name,
                $"{_stage.Train.Batch} or more crops to train on, a batch",
                $"{training.Count}, where {Crop.Detector} saw {kind.Found}",
                "Train that one for longer, or lower train.batch.");
        return data with
        {
            Dataset = shown,
            Split = data.Split with { Train = training, HeldOut = CroppedSamples.Of(data.HeldOut, Crop, found) },
            Training = training,
            Validation = CroppedSamples.Of(data.Validation, Crop, found),
        };
    }

    public void Dispose()
    {
        First.Dispose();
        Source.Dispose();
    }

    private IReadOnlyDictionary<string, FirstLook> Look(
        IReadOnlyList<Sample> samples, Dataset dataset, StageContext context)
    {
        var name = $"{Crop.Detector}-{Digest.Shorten(Crop.Digest)}.{dataset.Name}.jsonl";
        using var kept = new FirstLookFile(
            Path.Combine(context.Request.OutFolder, "detections", name), First.Task);
        var found = First.Look(
            samples,
            kept,
            context.Looking,
            context.Cancellation);
        var without = found.Where(s => !s.Value.IsUsable).Select(s => s.Key).Order(StringComparer.Ordinal).ToList();
        if (without.Count > 0)
        {
            var kind = CropKind.Of(Crop.Region);
            context.Say(
                $"no {kind.Found} found on {without.Count} of {found.Count} images, {kind.WithoutAny}: "
                    + $"{string.Join(", ", without.Take(ListedImages))}{(without.Count > ListedImages ? " ..." : "")}"
            );
        }
        return found;
    }
}

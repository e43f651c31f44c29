using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Tasks.Crops;
using Marrow.Tasks.Points;
using Marrow.Training.Loop;
using Marrow.Training.Methods;
using TorchSharp;

namespace Marrow.Training.Runs;

/// <summary>
/// The training of a stage of one task on one data set, and on those that it learns from beside it. The weights are
/// chosen, and the model is measured, on the stage's own.
/// </summary>
internal sealed class SingleTraining : StageTraining
{
    private readonly StageImages _images;
    private readonly List<PartImages> _beside = [];
    private readonly MaskPack? _masks;
    private readonly StageCropping? _cropping;
    private readonly IReadOnlyList<Sample> _heldOut; // whole images
    private readonly IReadOnlyList<Sample> _labelled; // whole images, whose spread judges answers for unlabelled ones

    public SingleTraining(StageContext context, StageInputs inputs, StageSources sources) : base(context)
    {
        (_labelled, _heldOut, _cropping) = (inputs.Data.Training, inputs.Data.HeldOut, sources.Cropping);
        _images = StageImages.Pack(context, context.Stage, inputs.Data, inputs.Unlabeled, sources.Cropping);
        try
        {
            foreach (var (part, data) in context.Stage.Beside.Zip(inputs.Each.Skip(1)))
                _beside.Add(PartImages.Pack(context, part, data));
            Task = BuildModel(context, _images);
            _masks = inputs.Data.PackMasks(Task, context.Cancellation);
            _beside.ForEach(part => part.PackMasks(Task, context.Cancellation));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override TaskModel Task { get; }

    public override RunIdentity Identify(RunIdentity identity) =>
        identity.With([(_images, _masks), .. _beside.Select(part => (part.Images, part.Masks))]);

    public override TrainedStage Train(string key)
    {
        var (context, stage, options) = (Context, Context.Stage, Context.Stage.Train);
        using var training = _images.Training(stage.Augment, options.Batch, context.Seeds.Batches, Workers, _masks);
        using var unlabeled = stage.UnlabeledAugment is { } augment
            ? _images.Unlabeled(augment, options.Batch, context.Seeds.UnlabeledBatches, Workers)
            : null;
        var device = context.Request.DeviceChoice;
        var beside = new List<BatchLoader>();
        try
        {
            foreach (var part in _beside)
                beside.Add(part.Training(context.Seeds, Workers));
            using var method = beside.Count > 0 ? Joint(training, beside)
                : unlabeled is null ? MethodCatalogue.Create(stage, Task, device)
                : MethodCatalogue.Create(stage, Task, device, _labelled, _images.Cache, _masks, unlabeled);
            return Train(method, training, key);
        }
        finally
        {
            beside.ForEach(loader => loader.Dispose());
        }
    }

    private JointTraining Joint(BatchLoader training, IReadOnlyList<BatchLoader> beside)
    {
        var (stage, options) = (Context.Stage, Context.Stage.Train);
        return new(
            Task,
            Compute.Choose(options.Precision, options.ChannelsLast, Context.Request.DeviceChoice),
            [
                new(new("", Task), 1, options.Batch, training, Watched: null),
                .. stage.Beside.Zip(beside, (part, images) =>
                    new JointPart(new(part.Name, Task), part.Weight, part.Stage.Train.Batch, images, Watched: null)),
            ],
            options.Accumulate);
    }

    private TrainedStage Train(TrainingMethod method, BatchLoader training, string key)
    {
        var (context, stage, options) = (Context, Context.Stage, Context.Stage.Train);
        using var validation = _images.Plain(_images.Shown.Validation, options.Batch, _masks, context.Cancellation);
        using var loop = new TrainingLoop(stage.Name, method, options, training, validation, context.Folder, key);
        var (progress, waitShare) = Run(loop);
        Task.LearnFromLabels(_images.TrainingLabels);
        if (validation is not null)
        {
            loop.ChooseDecoding(validation);
            StageFamiliarity.Learn(context, Task, [_images, .. _beside.Select(part => part.Images)], method.Compute);
        }
        var metrics = Measure(loop, method.Compute);
        method.Compute.Release(Task.Model);
        return new(progress, metrics, waitShare);
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _masks?.Dispose();
        Task?.Dispose();
        _beside.ForEach(part => part.Dispose());
        _images.Dispose();
    }

    /// <summary>
    /// Builds the model with random weights. What it derives from labels, as anchors from boxes, it derives from the
    /// training part.
    /// </summary>
    private static TaskModel BuildModel(StageContext context, StageImages images)
    {
        torch.manual_seed((long)context.Seeds.Weights);
        var (stage, shown) = (context.Stage, images.Shown);
        var task = TaskCatalogue.Create(
            stage.Task, stage.ModelRequest, images.Input, shown.Dataset with { Samples = shown.Training });
        task.AdaptTo(shown.Training);
        return task;
    }

    /// <summary>
    /// Measures the model on the held-out part, and one that sets the points of a first look anew by what both come to
    /// on its films, as an evaluation does. Returns no metrics when nothing was held out.
    /// </summary>
    private IReadOnlyList<MetricValue> Measure(TrainingLoop loop, Compute compute)
    {
        if (_cropping is { } cropping && CropKind.Of(cropping.Crop.Region).SetsPointsAnew)
            return _heldOut.Count == 0 ? [] : WithDraws(new TwoLooks(cropping.First, (PointsTask)Task, compute)
                .Measure(_heldOut, HeldOutOptions, Context.Looking));
        using var heldOut = _images.Plain(
            _images.Shown.HeldOut, Context.Stage.Train.Batch, _masks, Context.Cancellation);
        return heldOut is null ? [] : WithDraws(loop.Measure(heldOut, HeldOutOptions));
    }
}

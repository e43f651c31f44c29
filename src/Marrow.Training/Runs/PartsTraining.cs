using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Multitask;
using Marrow.Training.Loop;
using Marrow.Training.Methods;
using static TorchSharp.torch;

namespace Marrow.Training.Runs;

/// <summary>
/// The training of a stage of several tasks, each on a data set of its own, on one backbone. The weights that count are
/// the last ones, or their moving average: validation images of a part are measured from time to time and choose
/// nothing but the values of the part's decoding.
/// </summary>
internal sealed class PartsTraining : StageTraining
{
    private readonly List<PartImages> _parts = [];
    private readonly MultitaskTask? _task;

    public PartsTraining(StageContext context, StageInputs inputs) : base(context)
    {
        try
        {
            foreach (var (part, data) in context.Stage.Parts.Zip(inputs.Each))
                _parts.Add(PartImages.Pack(context, part, data));
            _task = BuildModel();
            foreach (var (part, task) in _parts.Zip(_task.Parts))
            {
                task.Task.AdaptTo(part.Images.Shown.Training);
                part.PackMasks(task.Task, context.Cancellation);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public override TaskModel Task => _task!;

    public override RunIdentity Identify(RunIdentity identity) =>
        identity.With([.. _parts.Select(part => (part.Images, part.Masks))]);

    public override TrainedStage Train(string key)
    {
        var (stage, cancellation) = (Context.Stage, Context.Cancellation);
        var loaders = new List<BatchLoader>();
        try
        {
            JointPart[] parts = [.. _parts.Zip(_task!.Parts, (part, task) => Joint(part, task, loaders))];
            var compute = Compute.Choose(
                stage.Train.Precision, stage.Train.ChannelsLast, Context.Request.DeviceChoice);
            using var method = new JointTraining(_task, compute, parts, stage.Train.Accumulate);
            using var loop = new TrainingLoop(
                stage.Name, method, stage.Train, parts[0].Images, validation: null, Context.Folder, key);
            var (progress, waitShare) = Run(loop);
            foreach (var (part, joint) in _parts.Zip(parts))
                joint.Task.Task.LearnFromLabels(part.Images.TrainingLabels);
            using var noGrad = no_grad();
            foreach (var part in parts.Where(part => part.Watched is not null))
            {
                using var scope = NewDisposeScope();
                part.Task.Task.ChooseDecoding(part.Watched!, compute);
            }
            var metrics = _parts.Zip(parts, (part, joint) => Measure(part, joint, compute)).SelectMany(each => each);
            IReadOnlyList<MetricValue> measured = WithDraws(metrics);
            compute.Release(_task.Model);
            return new(progress, measured, waitShare);
        }
        finally
        {
            loaders.ForEach(loader => loader.Dispose());
        }

        JointPart Joint(PartImages part, TaskPart task, List<BatchLoader> opened)
        {
            var (images, one) = (part.Images, part.Of.Stage);
            var training = part.Training(Context.Seeds, Math.Max(1, Workers / _parts.Count));
            opened.Add(training);
            var watched = images.Plain(images.Shown.Validation, one.Train.Batch, part.Masks, cancellation);
            if (watched is not null)
                opened.Add(watched);
            return new(task, part.Of.Weight, one.Train.Batch, training, watched);
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (!disposing)
            return;
        _task?.Dispose();
        _parts.ForEach(part => part.Dispose());
    }

    /// <summary>
    /// Builds the model with random weights. What a part derives from labels, it derives from its training part.
    /// </summary>
    private MultitaskTask BuildModel()
    {
        manual_seed((long)Context.Seeds.Weights);
        return MultitaskTask.Create(
            Context.Stage.Model,
            [
                .. _parts.Select(part => (
                    part.Of.Name,
                    part.Of.Stage.Task,
                    part.Of.Stage.ModelRequest,
                    part.Images.Input,
                    part.Images.Shown.Dataset with { Samples = part.Images.Shown.Training })),
            ]);
    }

    /// <summary>Measures a part on its own held-out images; returns no metrics when it holds out none.</summary>
    private IReadOnlyList<MetricValue> Measure(PartImages part, JointPart joint, Compute compute)
    {
        using var heldOut = part.Images.Plain(
            part.Images.Shown.HeldOut, joint.Batch, part.Masks, Context.Cancellation);
        if (heldOut is null)
            return [];
        using var scope = NewDisposeScope();
        return joint.Task.Measure(heldOut, compute, HeldOutOptions);
    }
}

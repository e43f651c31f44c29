using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Multitask;
using static TorchSharp.torch;

namespace Marrow.Training.Methods;

/// <summary>
/// What one part of a stage of several tasks learns from, or a stage of one task beside its own data set.
/// </summary>
/// <param name="Task">The part of the model.</param>
/// <param name="Weight">What the loss is multiplied by.</param>
/// <param name="Batch">The number of images in a batch.</param>
/// <param name="Images">The batches to learn from. The loop draws those of the first part.</param>
/// <param name="Watched">The images on which the part is measured while it learns; null for none.</param>
internal sealed record JointPart(
    TaskPart Task, double Weight, int Batch, BatchLoader Images, BatchLoader? Watched);

/// <summary>
/// The method that learns several tasks at once on one backbone, or one task from several data sets. Each step draws a
/// batch of every part, in the order of the recipe, and adds up the gradients of their losses, each times its weight;
/// then the optimizer takes one step. One graph at a time is held. Nothing is kept from step to step: where each part's
/// batches stand follows from the step's number.
/// </summary>
/// <param name="parts">In the order of the task's parts. Their loaders stay the caller's.</param>
/// <param name="accumulate">Batches of each part in a step.</param>
internal sealed class JointTraining(
    TaskModel task, Compute compute, IReadOnlyList<JointPart> parts, int accumulate)
    : TrainingMethod(task, compute)
{
    private int _next = 1; // the part whose batch comes next

    public override double WaitSeconds => parts.Skip(1).Sum(part => part.Images.WaitSeconds);

    public override IReadOnlyList<(string Name, Tensor Value)> Labelled(Tensor images, Batch batch, StepPlace place)
    {
        _next = 1;
        return LossOf(parts[0], images, batch);
    }

    public override int FurtherBatches(StepPlace place) => parts.Count - 1;

    public override IReadOnlyList<(string Name, Tensor Value)> Further(StepPlace place, List<string> files)
    {
        using var scope = NewDisposeScope();
        var part = parts[_next++];
        using var batch = part.Images.Next();
        files.AddRange(batch.Samples.Select(s => s.Sample.ImagePath));
        return
        [
            .. LossOf(part, Compute.Arrange(batch.Images), batch)
                .Select(loss => (loss.Name, loss.Value.MoveToOuterDisposeScope())),
        ];
    }

    public override int ImagesOf(StepPlace place, int batch) => parts.Sum(part => part.Batch);

    public override bool Watches => parts.Any(part => part.Watched is not null);

    public override IReadOnlyList<MetricValue> Watch(BootstrapOptions bootstrap) =>
        [.. parts.SelectMany(part => part.Watched is { } images ? part.Task.Measure(images, Compute, bootstrap) : [])];

    public override void Seek(StepPlace place)
    {
        foreach (var part in parts.Skip(1))
        {
            var (epoch, batch) = Math.DivRem((long)place.Step * accumulate, part.Images.BatchesPerEpoch);
            part.Images.Seek((int)epoch, (int)batch);
        }
    }

    private IReadOnlyList<(string Name, Tensor Value)> LossOf(JointPart part, Tensor images, Batch batch)
    {
        using var scope = NewDisposeScope();
        var weight = Scalars.Of(part.Weight);
        return
        [
            .. part.Task.Named(part.Task.Task.Loss(images, batch, Compute))
                .Select(loss => (loss.Name, (loss.Value * weight).MoveToOuterDisposeScope())),
        ];
    }
}

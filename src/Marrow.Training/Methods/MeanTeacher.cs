using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Masks;
using Marrow.Training.Recipes;
using static TorchSharp.torch;

namespace Marrow.Training.Methods;

/// <summary>
/// A mean teacher that gives pseudo-labels (Tarvainen and Valpola, NIPS 2017; Liu et al., "Unbiased Teacher", ICLR
/// 2021). The teacher is the moving average of the student. Data flow: plain image -> teacher -> a label and its
/// confidence (for a spine the decoder's, of the whole chain; for a mask the Dice that its probabilities lead to
/// expect) -> those that are confident enough, moved with the augmented image -> the task's own loss of the student on
/// that image. What is not accepted counts as a loss of 0, so that a batch of which little is accepted weighs little.
/// </summary>
internal sealed class MeanTeacher : UnlabeledMethod
{
    private readonly TeacherOptions _options;
    private readonly TaskModel _teacher;
    private readonly ITeacherTask _labels;
    private readonly MovingAverage _average;

    public MeanTeacher(
        TaskModel task,
        Compute compute,
        string stage,
        TeacherOptions options,
        BatchLoader images,
        int accumulate,
        IReadOnlyList<double[]> labelSignatures)
        : base(task, compute, stage, "teacher", options, images, accumulate, labelSignatures)
    {
        _options = options;
        _teacher = TaskCatalogue.Twin(task);
        _labels = (ITeacherTask)_teacher;
        compute.Arrange(_teacher.Model);
        _teacher.Model.eval();
        _average = new(task.Model, options.Decay, _teacher.Model);
    }

    public override void Done(StepPlace place, double labelledLoss)
    {
        _average.Update(place.Step);
        base.Done(place, labelledLoss);
    }

    public override IEnumerable<(string Name, Tensor Value)> State() =>
        base.State().Concat(_average.State().Select(s => ($"teacher.{s.Name}", s.Value)));

    protected override Answered Learn(Batch batch)
    {
        IReadOnlyList<PseudoLabel> labels;
        using (no_grad())
            labels = _labels.Label(batch, Compute);
        IReadOnlyList<double[]> signatures =
        [
            .. labels.Select(l =>
                Images.OriginalSize(l.Target.Sample) is var (width, height)
                    ? _labels.Signature(l.Target.Sample, width, height, l.Mask?.Plain)
                    : []),
        ];
        var confidence = labels.Average(l => l.Confidence);
        var accepted = labels.Select(l => l.Confidence >= _options.Confidence).ToArray();
        var share = accepted.Count(a => a) / (double)accepted.Length;
        if (share == 0)
            return new([], 0, confidence, signatures);

        // The batch's own samples carry no label, a mask of the unknown none either: the loss passes them over.
        BatchSample[] targets = [.. labels.Select((label, i) => accepted[i] ? label.Target : batch.Samples[i])];
        using var images = Compute.Arrange(batch.Images);
        using var masks = Masks(labels, accepted);
        var losses = Mode.KeepingStatistics(() =>
            Task.Loss(images, new Batch(images, targets, masks) { MasksHaveGaps = true }, Compute));
        return new(
            [.. losses.Select(l => ($"teacher.{l.Name}", l.Value * Scalars.Of(share)))],
            share,
            confidence,
            signatures);
    }

    /// <summary>[N, H, W] bytes; null of a task without masks.</summary>
    private Tensor? Masks(IReadOnlyList<PseudoLabel> labels, bool[] accepted)
    {
        if (labels[0].Mask is null)
            return null;
        var pixels = labels.SelectMany(
            (label, i) =>
                accepted[i] ? label.Mask!.Moved : Enumerable.Repeat(SegmentationLoss.Unknown, label.Mask!.Moved.Length)
        );
        return MaskPack.ToTensor([.. pixels], labels.Count, Task.Input);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _average.Dispose();
            _teacher.Dispose();
        }
        base.Dispose(disposing);
    }
}

using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Training.Recipes;
using static TorchSharp.torch;

namespace Marrow.Training.Methods;

/// <summary>
/// Unsupervised data augmentation (Xie et al., NeurIPS 2020). Data flow: plain image -> the model as it stands, in
/// evaluation mode -> its answer, where it is confident -> the same model in training on the augmented image is to give
/// that answer. No average of the weights: the answers are those of the model that learns.
/// </summary>
internal sealed class Uda : UnlabeledMethod
{
    private readonly UdaOptions _options;
    private readonly IConsistentTask _answers;

    public Uda(
        TaskModel task,
        Compute compute,
        string stage,
        UdaOptions options,
        BatchLoader images,
        int accumulate,
        IReadOnlyList<double[]> labelSignatures)
        : base(task, compute, stage, "uda", options, images, accumulate, labelSignatures)
    {
        _options = options;
        _answers = (IConsistentTask)task;
    }

    public override IReadOnlyList<(string Name, Tensor Value)> Labelled(Tensor images, Batch batch, StepPlace place) =>
        _options.Annealing == Annealing.None
            ? base.Labelled(images, batch, place)
            : ((IAnnealedTask)_answers).AnnealedLoss(
                images,
                batch,
                AnnealingCourse.Share(_options.Annealing, place.Share),
                Compute);

    protected override Answered Learn(Batch batch)
    {
        using var plain = Compute.Arrange(batch.Plain!.Images);
        var answers = Mode.Evaluating(() => _answers.Answers(plain, Compute));
        using var augmented = Compute.Arrange(batch.Images);
        var consistency = Mode.KeepingStatistics(() =>
            _answers.Consistency(answers, augmented, new(_options.Temperature, _options.Confidence), Compute));
        return new(
            [("consistency", consistency.Loss)],
            consistency.Accepted,
            consistency.Confidence,
            _answers.Signatures(answers));
    }
}

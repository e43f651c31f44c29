using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Losses;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>A task whose answer does not change when its image is augmented: what UDA needs of it.</summary>
internal interface IConsistentTask
{
    /// <summary>
    /// The model's answers for plain images laid out for <paramref name="compute"/>, [N, ...] float32: the model is in
    /// evaluation mode, without gradients.
    /// </summary>
    Tensor Answers(Tensor images, Compute compute);

    /// <summary>How far the model's answers for the augmented images are from those for the plain ones.</summary>
    Consistency Consistency(Tensor answers, Tensor augmented, Sharpening sharpening, Compute compute);

    /// <summary>Numbers that tell one answer from another, of each image.</summary>
    IReadOnlyList<double[]> Signatures(Tensor answers);

    /// <summary>The same of a true label; NaN where it is unknown.</summary>
    double[] Signature(Sample sample);
}

/// <summary>One whose true answer has a probability, so that labels which are known too well can be left out.</summary>
internal interface IAnnealedTask : IConsistentTask
{
    /// <summary>
    /// As the task's loss, without the labelled examples that are known too well already. Only of answers that have a
    /// probability: an angle or a number has no chance level from which a threshold could rise.
    /// </summary>
    /// <param name="share">How far the threshold has risen from chance (0) to certainty (1).</param>
    IReadOnlyList<(string Name, Tensor Value)> AnnealedLoss(Tensor images, Batch batch, double share, Compute compute);
}

/// <param name="Loss">A float32 scalar: the mean over all answers, those that are not accepted counting 0.</param>
/// <param name="Accepted">Share of the answers that were confident enough, 0 to 1.</param>
/// <param name="Confidence">Mean of all.</param>
internal sealed record Consistency(Tensor Loss, double Accepted, double Confidence)
{
    /// <summary>Leaves the scope in which it was made.</summary>
    public Consistency MoveToOuterDisposeScope() => this with { Loss = Loss.MoveToOuterDisposeScope() };

    /// <summary>Over the elements of all parts alike.</summary>
    public static Consistency Of(params MaskedLoss[] parts)
    {
        using var scope = NewDisposeScope();
        return new(
            Mean(p => p.Loss).MoveToOuterDisposeScope(),
            Mean(p => p.Accepted).Value<float>(),
            Mean(p => p.Confidence).Value<float>());

        Tensor Mean(Func<MaskedLoss, Tensor> part) => cat([.. parts.Select(p => part(p).flatten())]).mean();
    }
}

/// <summary>How answers for plain images become targets for the augmented ones.</summary>
/// <param name="Temperature">Of the softmax that makes a target: under 1 it is sharper than the answer.</param>
/// <param name="Confidence">Answers under it add no loss.</param>
internal readonly record struct Sharpening(double Temperature, double Confidence);

using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Losses;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>A task whose answer does not change when its image is augmented. UDA needs such a task.</summary>
internal interface IConsistentTask
{
    /// <summary>
    /// Returns the model's answers for unaugmented images, [N, ...] in float32. The images are in the memory layout of
    /// <paramref name="compute"/>, and the model is in evaluation mode, without gradients.
    /// </summary>
    Tensor Answers(Tensor images, Compute compute);

    /// <summary>
    /// Measures how far the model's answers for augmented images are from those for the unaugmented ones.
    /// </summary>
    Consistency Consistency(Tensor answers, Tensor augmented, Sharpening sharpening, Compute compute);

    /// <summary>Returns, for each image, numbers by which answers can be compared.</summary>
    IReadOnlyList<double[]> Signatures(Tensor answers);

    /// <summary>Returns the same numbers for a true label; NaN where it is unknown.</summary>
    double[] Signature(Sample sample);
}

/// <summary>
/// A task whose model gives the true answer a probability, so that labels which the model already knows too well can be
/// left out of the loss.
/// </summary>
internal interface IAnnealedTask : IConsistentTask
{
    /// <summary>
    /// Returns the task's loss without the labelled examples that the model already knows too well. It suits only
    /// answers with a probability: for an angle or a number there is no chance level from which a threshold could rise.
    /// </summary>
    /// <param name="share">The position of the threshold between chance (0) and certainty (1).</param>
    IReadOnlyList<(string Name, Tensor Value)> AnnealedLoss(Tensor images, Batch batch, double share, Compute compute);
}

/// <param name="Loss">The mean over all answers, as a float32 scalar. Answers that are not accepted count as 0.</param>
/// <param name="Accepted">The share of the answers that were confident enough, 0 to 1.</param>
/// <param name="Confidence">The mean confidence of all answers.</param>
internal sealed record Consistency(Tensor Loss, double Accepted, double Confidence)
{
    /// <summary>Moves the loss to the scope outside the one in which it was created.</summary>
    public Consistency MoveToOuterDisposeScope() => this with { Loss = Loss.MoveToOuterDisposeScope() };

    /// <summary>Combines the parts, so that every element of each part has the same weight.</summary>
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

/// <summary>Says how answers for unaugmented images become targets for the augmented ones.</summary>
/// <param name="Temperature">
/// The temperature of the softmax that makes a target. Below 1 the target is sharper than the answer.
/// </param>
/// <param name="Confidence">The least confidence of an answer. Answers below it add no loss.</param>
internal readonly record struct Sharpening(double Temperature, double Confidence);

using Marrow.Computing;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>
/// Training-signal annealing (Xie et al. 2020, section 2.3): a labelled example whose true class the model gives more
/// than a threshold of probability adds no loss, so that few labels are not learnt by heart while there is still much
/// to learn from the unlabelled images. The threshold rises from chance, 1/K of K classes, to certainty.
/// </summary>
internal static class SignalAnnealing
{
    /// <param name="share">The position of the threshold between chance and certainty, 0 to 1.</param>
    public static double Threshold(double share, int classes) => share * (1 - 1.0 / classes) + 1.0 / classes;

    /// <summary>Returns the labels with NaN (unknown) for the examples that the model already knows too well.</summary>
    /// <param name="labels">The labels [N, K], 0 to 1 with rows that sum to 1; NaN where they are unknown.</param>
    /// <param name="logits">The logits of a softmax, [N, K].</param>
    public static Tensor DropKnown(Tensor labels, Tensor logits, double share)
    {
        using var scope = NewDisposeScope();
        var right = (labels * logits.detach().softmax(1)).sum(1, keepdim: true);
        return labels
            .masked_fill(right.gt(Scalars.Of(Threshold(share, (int)labels.shape[1]))), Scalars.Of(double.NaN))
            .MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Returns the labels of independent findings, of which each has two classes, with NaN for those that the model
    /// already knows too well.
    /// </summary>
    /// <param name="labels">The labels [N, C], 0 to 1; NaN where they are unknown.</param>
    /// <param name="logits">The logits of a sigmoid for each finding, [N, C].</param>
    public static Tensor DropKnownFindings(Tensor labels, Tensor logits, double share)
    {
        using var scope = NewDisposeScope();
        var x = logits.detach();
        var right = (labels * x.sigmoid()).Plus((-labels).Plus(1) * (-x).sigmoid());
        return labels
            .masked_fill(right.gt(Scalars.Of(Threshold(share, 2))), Scalars.Of(double.NaN))
            .MoveToOuterDisposeScope();
    }
}

using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;

namespace Marrow.Tasks;

/// <summary>A task whose model can label images for another: what a mean teacher needs of it.</summary>
internal interface ITeacherTask
{
    /// <summary>
    /// What the model, which is in evaluation mode, finds on the batch's plain images: for each image a label, moved to
    /// where the batch's augmented image shows it. Without gradients.
    /// </summary>
    IReadOnlyList<PseudoLabel> Label(Batch batch, Compute compute);

    /// <summary>
    /// Numbers that tell one label from another, in shares of the image's size, for true labels and pseudo-labels
    /// alike.
    /// </summary>
    /// <param name="width">Of the image in its file, px.</param>
    /// <param name="mask">
    /// [H * W]: the class of each input pixel without augmentation; empty of a task without masks.
    /// </param>
    double[] Signature(Sample sample, int width, int height, ReadOnlySpan<byte> mask);
}

/// <summary>What a teacher says of one image.</summary>
/// <param name="Target">For the task's own loss; its sample carries the label in original pixels.</param>
/// <param name="Confidence">0 to 1.</param>
internal sealed record PseudoLabel(BatchSample Target, double Confidence)
{
    /// <summary>Null of a task without masks.</summary>
    public PseudoMask? Mask { get; init; }
}

/// <summary>The class of each input pixel, [H * W].</summary>
/// <param name="Plain">Without augmentation.</param>
/// <param name="Moved">
/// As the augmented image shows it; <see cref="Masks.SegmentationLoss.Unknown"/> where the plain image did not show it.
/// </param>
internal sealed record PseudoMask(byte[] Plain, byte[] Moved);

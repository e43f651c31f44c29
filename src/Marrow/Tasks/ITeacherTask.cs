using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;

namespace Marrow.Tasks;

/// <summary>A task whose model can label images for another model. A mean teacher needs such a task.</summary>
internal interface ITeacherTask
{
    /// <summary>
    /// Labels each of the batch's unaugmented images and moves the label to its place on the augmented image. The model
    /// is in evaluation mode, without gradients.
    /// </summary>
    IReadOnlyList<PseudoLabel> Label(Batch batch, Compute compute);

    /// <summary>
    /// Returns numbers by which labels can be compared, as shares of the image's size. They are defined alike for true
    /// labels and pseudo-labels.
    /// </summary>
    /// <param name="width">The width of the original image in pixels.</param>
    /// <param name="mask">
    /// The class of each input pixel without augmentation, [H * W]; empty for a task without masks.
    /// </param>
    double[] Signature(Sample sample, int width, int height, ReadOnlySpan<byte> mask);
}

/// <summary>The label that a teacher gives to one image.</summary>
/// <param name="Target">
/// The label in the form that the task's loss takes; its sample has the label in original pixels.
/// </param>
/// <param name="Confidence">The teacher's confidence, 0 to 1.</param>
internal sealed record PseudoLabel(BatchSample Target, double Confidence)
{
    /// <summary>The mask; null for a task without masks.</summary>
    public PseudoMask? Mask { get; init; }
}

/// <summary>The class of each input pixel, [H * W].</summary>
/// <param name="Plain">The mask of the unaugmented image.</param>
/// <param name="Moved">
/// The mask of the augmented image, with <see cref="Masks.SegmentationLoss.Unknown"/> wherever the unaugmented image
/// shows nothing.
/// </param>
internal sealed record PseudoMask(byte[] Plain, byte[] Moved);

using Marrow.Datasets;
using Marrow.Tensors;

namespace Marrow.Training.Methods;

/// <summary>A task whose model can label images for another: what a mean teacher needs of it.</summary>
internal interface ITeacherTask
{
    /// <summary>
    /// What the model, which is in evaluation mode, finds on the batch's plain images: for each image a label, moved to
    /// where the batch's augmented image shows it. Without gradients.
    /// </summary>
    IReadOnlyList<PseudoLabel> Label(Batch batch, Compute compute);

    /// <summary>Numbers that tell one label from another, in shares of the image's size, for true labels and pseudo-labels alike.</summary>
    double[] Signature(Sample sample, int width, int height);
}

/// <summary>What a teacher says of one image.</summary>
/// <param name="Target">For the task's own loss; its sample carries the label in original pixels.</param>
/// <param name="Confidence">0 to 1.</param>
internal sealed record PseudoLabel(PreparedSample Target, double Confidence);

using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>Turns the outputs of a task's model into findings, one image at a time.</summary>
internal interface ITaskReading
{
    /// <summary>
    /// The names of a table's columns between the file and the status, such as "class", "fracture", "age (years)" or
    /// "hip_x". The table has one row for each image.
    /// </summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>The parts of the finding for an image that could not be read.</summary>
    IReadOnlyList<FindingPart> Nothing => [];

    /// <param name="image">A normalised image [1, C, H, W] in the memory layout of <paramref name="compute"/>.</param>
    /// <param name="toInput">The transform from original pixels to input pixels.</param>
    /// <param name="finding">What is already known of the image.</param>
    Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute);
}

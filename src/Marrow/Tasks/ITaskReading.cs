using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>How the outputs of a task's model become a finding, image by image.</summary>
internal interface ITaskReading
{
    /// <summary>
    /// Of a table with a row an image, between the file and the status: "class", "fracture", "age (years)", "hip_x".
    /// </summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>What is there of an image that could not be read.</summary>
    IReadOnlyList<FindingPart> Nothing => [];

    /// <param name="image">[1, C, H, W], normalised and laid out for <paramref name="compute"/>.</param>
    /// <param name="toInput">Original pixels to input pixels.</param>
    /// <param name="finding">What is known of the image already.</param>
    Finding Read(Tensor image, AffineTransform toInput, Finding finding, Compute compute);
}

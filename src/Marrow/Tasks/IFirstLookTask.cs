using Marrow.Computing;
using Marrow.Imaging;
using static TorchSharp.torch;

namespace Marrow.Tasks;

/// <summary>A task whose models find the places by which other models crop their images.</summary>
internal interface IFirstLookTask
{
    /// <summary>True when the model is shown a film without the uniform border that a scanner laid around it.</summary>
    bool LeavesBorderOut { get; }

    /// <summary>Says what is seen on each of some images.</summary>
    /// <param name="images">
    /// Normalised images [N, C, H, W] in the memory layout of <paramref name="compute"/>.
    /// </param>
    /// <param name="shown">[N].</param>
    /// <param name="fast">True to look once where several looks would be averaged.</param>
    IReadOnlyList<FirstLook> Look(Tensor images, IReadOnlyList<ShownImage> shown, Compute compute, bool fast);

    /// <summary>
    /// Returns what <see cref="FirstLook.Numbers"/> was made of; null when the numbers are of something else.
    /// </summary>
    FirstLook? Restore(int width, int height, IReadOnlyList<double> numbers);
}

/// <summary>How an image is shown to a model.</summary>
/// <param name="ToInput">The transform from original pixels to input pixels.</param>
/// <param name="Width">Of the original image.</param>
/// <param name="Height">Of the original image.</param>
internal readonly record struct ShownImage(AffineTransform ToInput, int Width, int Height);

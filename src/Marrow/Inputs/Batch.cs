using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;
using TorchSharp;

namespace Marrow.Inputs;

/// <summary>A sample in a batch, with its targets transformed like its image.</summary>
/// <param name="ToInput">The transform from original pixels to input pixels, including the augmentation.</param>
/// <param name="Targets">The targets in input pixels. Left and right are swapped when the image was mirrored.</param>
internal sealed record BatchSample(Sample Sample, AffineTransform ToInput, Targets Targets)
{
    /// <summary>The vertebrae in input pixels, from top to bottom; empty when the image is unlabelled.</summary>
    public IReadOnlyList<Vertebra> Vertebrae => Targets.Vertebrae;

    /// <summary>The points of <see cref="Sample.Points"/> in input pixels; NaN where they are unlabelled.</summary>
    public IReadOnlyList<Point2D> Points => Targets.Points;

    /// <summary>The boxes of <see cref="Sample.Boxes"/> in input pixels; null when nobody has looked.</summary>
    public IReadOnlyList<LabelledBox>? Boxes => Targets.Boxes;

    /// <summary>
    /// For a strip the places, in input pixels, where the items of the curve are expected; empty for other inputs.
    /// </summary>
    public IReadOnlyList<Point2D> Expected { get; init; } = [];

    /// <summary>Maps input pixels of a strip to original pixels; null for other inputs.</summary>
    public Func<Point2D, Point2D>? StripToOriginal { get; init; }

    /// <summary>
    /// For each vertebra true when its place is a guess from which nothing must be learnt; empty when none is.
    /// </summary>
    public IReadOnlyList<bool> Guessed { get; init; } = [];
}

/// <summary>The images of a batch without augmentation.</summary>
/// <param name="Images">The images [N, C, H, W], like <see cref="Batch.Images"/>.</param>
/// <param name="ToInput">For each image the transform from original pixels to input pixels.</param>
internal sealed record PlainImages(torch.Tensor Images, IReadOnlyList<AffineTransform> ToInput);

/// <summary>Normalised images and their samples. Disposing frees the tensor.</summary>
/// <param name="Images">[N, C, H, W] float32, normalised by the input contract, contiguous.</param>
/// <param name="Masks">
/// [N, H, W] bytes, the class of each pixel, moved with the images; null from a loader without masks.
/// </param>
internal sealed record Batch(torch.Tensor Images, IReadOnlyList<BatchSample> Samples, torch.Tensor? Masks = null)
    : IDisposable
{
    /// <summary>The images without augmentation; null when the loader was not asked for them.</summary>
    public PlainImages? Plain { get; init; }

    /// <summary>True when masks may have the value 255, which stands for a pixel whose class is unknown.</summary>
    internal bool MasksHaveGaps { get; init; }

    public void Dispose()
    {
        Images.Dispose();
        Masks?.Dispose();
        Plain?.Images.Dispose();
    }
}

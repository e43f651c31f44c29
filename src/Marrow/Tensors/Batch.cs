using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;
using TorchSharp;

namespace Marrow.Tensors;

/// <summary>A sample as it stands in a batch: its targets moved with the image.</summary>
/// <param name="ToInput">Original pixels to input pixels, with all augmentation.</param>
/// <param name="Vertebrae">In input pixels, top to bottom; empty when unlabelled.</param>
public sealed record PreparedSample(Sample Sample, AffineTransform ToInput, IReadOnlyList<Vertebra> Vertebrae)
{
    /// <summary>In input pixels, those of <see cref="Sample.Points"/>, sides swapped where the image was mirrored; NaN where unlabelled.</summary>
    public IReadOnlyList<Point2D> Points { get; init; } = [];
}

/// <summary>Normalised images and their samples. Disposing frees the tensor.</summary>
/// <param name="Images">[N, C, H, W] float32, normalised by the input contract, contiguous.</param>
public sealed record Batch(torch.Tensor Images, IReadOnlyList<PreparedSample> Samples) : IDisposable
{
    public void Dispose() => Images.Dispose();
}

using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>
/// Renders the mask of a sample under its augmentation. Each thread needs its own renderer, which holds work buffers.
/// </summary>
internal sealed class MaskRenderer(InputContract shares, IReadOnlyList<PackedCache> classes)
{
    private readonly AugmentedRenderer _renderer = new(shares);
    private readonly byte[] _packed = new byte[classes.Count == 0 ? 0 : classes[0].ImageBytes];
    private readonly float[] _share = new float[shares.Width * shares.Height];
    private readonly float[] _largest = new float[shares.Width * shares.Height];
    private readonly float[] _background = new float[shares.Width * shares.Height];

    /// <param name="geometry">
    /// The transform of the augmentation, from original pixels to original pixels; null for none.
    /// </param>
    /// <param name="output">The class of each pixel, [H * W]. What comes from outside the image is background.</param>
    public void Render(BatchSample inBatch, AffineTransform? geometry, Span<byte> output)
    {
        output.Clear();
        if (inBatch.Sample.MaskPath is null)
        {
            MaskPack.FillAreas(output, shares.Width, shares.Height, inBatch.Sample, inBatch.ToInput);
            return;
        }
        Augmentation? moved = geometry is { } g ? new() { Geometry = g } : null;
        Array.Clear(_largest);
        Array.Fill(_background, 1);
        for (var c = 0; c < classes.Count; c++)
        {
            var index = classes[c].IndexOf(MaskPack.AsImage(inBatch.Sample, c + 1));
            classes[c].Read(index, _packed);
            _renderer.Render(_packed, classes[c].ToInput(index), moved, _share);
            for (var i = 0; i < output.Length; i++)
            {
                _background[i] -= _share[i];
                if (_share[i] <= _largest[i])
                    continue;
                _largest[i] = _share[i];
                output[i] = (byte)(c + 1);
            }
        }
        for (var i = 0; i < output.Length; i++)
        {
            if (_background[i] > _largest[i])
                output[i] = 0;
        }
    }
}

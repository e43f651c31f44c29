using System.Numerics;
using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>
/// Turns packed bytes into the model's values under one augmentation: bytes through the grey-value table into a frame
/// of black, bilinear warp out of it, then implants, collimator blades, blur, noise and cutout where drawn. Holds its
/// work buffers: one a thread.
/// </summary>
internal sealed class AugmentedRenderer(InputContract contract)
{
    private const double LeastBlurPixels = 0.1; // a neighbour's weight is then below 1e-20
    private static readonly float[] GaussianTable = MakeGaussianTable();

    private readonly int _width = contract.Width;
    private readonly int _height = contract.Height;
    private readonly (int X, int Y) _border = contract.PackedBorder;
    private readonly (int Width, int Height) _packed = contract.PackedSize;

    // The image with one black pixel before and two after it on each axis: every clamped position has four neighbours.
    private readonly int _stride = contract.PackedSize.Width + 3;
    private readonly float[] _framed = new float[
        (contract.PackedSize.Width + 3) * (contract.PackedSize.Height + 3)
    ];
    private readonly float[] _normal = Preprocessor.NormalizationTable(contract);
    private float[] _rows = [];
    private float[] _paddedRow = [];

    /// <param name="pixels">The packed bytes, [H * W], including the border of a crop.</param>
    /// <param name="toInput">The contract's transform of this image, without augmentation.</param>
    /// <param name="augmentation">The augmentation; null for none.</param>
    /// <param name="output">The normalised values, [H * W].</param>
    public void Render(
        ReadOnlySpan<byte> pixels,
        AffineTransform toInput,
        Augmentation? augmentation,
        Span<float> output)
    {
        if (augmentation is null)
        {
            for (var y = 0; y < _height; y++)
                Preprocessor.LookUp(
                    PackedCache.PackedRow(pixels, contract, y),
                    _normal,
                    output.Slice(y * _width, _width));
            return;
        }
        var table = augmentation.Table(contract);
        var moved = augmentation.Geometry.Then(toInput);
        FillFrame(pixels, table);
        var toPacked = moved.Invert().Then(toInput).Then(AffineTransform.Translate(_border.X, _border.Y));
        Warp(y => (toPacked.Apply(new Point2D(0.5, y + 0.5)), new(toPacked.A, toPacked.D)), output);
        augmentation.Implants?.Paint(output, _width, _height, moved, _normal[0], _normal[^1]);
        augmentation.Collimation?.Darken(output, _width, _height, moved, table[0]);
        Finish(augmentation, output);
    }

    /// <summary>Renders a strip that is cut out of the packed one, under the grey values of an augmentation.</summary>
    /// <param name="pixels">The packed bytes, in <see cref="InputContract.PackedSize"/>.</param>
    /// <param name="strip">The strip to render, in pixels of the one that the contract asks for.</param>
    /// <param name="augmentation">Its geometry has no effect here; implants are in pixels of the strip.</param>
    /// <param name="output">The normalised values, [H * W].</param>
    public void Render(
        ReadOnlySpan<byte> pixels,
        StraightStrip strip,
        Augmentation augmentation,
        Span<float> output)
    {
        FillFrame(pixels, augmentation.Table(contract));
        var density = contract.PackedDensity;
        Warp(y =>
        {
            var (first, across, _) = strip.Pixels(y);
            return ((first + new Point2D(_border.X, _border.Y)) * density, across * density);
        }, output);
        augmentation.Implants?.Paint(output, _width, _height, AffineTransform.Identity, _normal[0], _normal[^1]);
        Finish(augmentation, output);
    }

    private void Finish(Augmentation augmentation, Span<float> output)
    {
        if (augmentation.BlurSigmaPixels >= LeastBlurPixels)
            Blur(augmentation.BlurSigmaPixels, output);
        if (augmentation.NoiseSigma > 0)
            AddNoise((float)(augmentation.NoiseSigma / contract.Std), new SeededRandom(augmentation.NoiseSeed), output);
        CutOut(augmentation.Cutout, output);
    }

    private void FillFrame(ReadOnlySpan<byte> pixels, float[] table)
    {
        Array.Fill(_framed, table[0]);
        for (var y = 0; y < _packed.Height; y++)
            Preprocessor.LookUp(
                pixels.Slice(y * _packed.Width, _packed.Width),
                table,
                _framed.AsSpan((y + 1) * _stride + 1, _packed.Width));
    }

    /// <param name="rows">
    /// Returns for a row of the output the centre of its first pixel in packed pixels, and the step to the next one.
    /// </param>
    private void Warp(Func<int, (Point2D First, Point2D Step)> rows, Span<float> output)
    {
        ReadOnlySpan<float> framed = _framed;
        var (right, bottom) = (_packed.Width + 1f, _packed.Height + 1f);
        for (var y = 0; y < _height; y++)
        {
            // The centre of packed pixel (0, 0) is at (0.5, 0.5) and has index (1, 1) in the frame.
            var (start, step) = rows(y);
            var (stepX, stepY) = ((float)step.X, (float)step.Y);
            var (startX, startY) = ((float)(start.X + 0.5), (float)(start.Y + 0.5));
            var row = output.Slice(y * _width, _width);
            for (var x = 0; x < row.Length; x++)
            {
                // "Native": one instruction each, without the rules for NaN, which can't occur.
                var sourceX = float.ClampNative(startX + x * stepX, 0f, right);
                var sourceY = float.ClampNative(startY + x * stepY, 0f, bottom);
                var left = float.ConvertToIntegerNative<int>(sourceX);
                var top = float.ConvertToIntegerNative<int>(sourceY);
                var (fractionX, fractionY) = (sourceX - left, sourceY - top);
                var upper = framed.Slice(top * _stride + left, 2);
                var lower = framed.Slice((top + 1) * _stride + left, 2);
                var above = upper[0] + (upper[1] - upper[0]) * fractionX;
                var below = lower[0] + (lower[1] - lower[0]) * fractionX;
                row[x] = above + (below - above) * fractionY;
            }
        }
    }

    /// <summary>Applies a separable Gaussian blur. Outside the image, the values at its border are repeated.</summary>
    private void Blur(double sigma, Span<float> image)
    {
        var radius = (int)Math.Ceiling(3 * sigma);
        var kernel = new float[2 * radius + 1];
        for (var k = 0; k < kernel.Length; k++)
            kernel[k] = (float)Math.Exp(-(k - radius) * (k - radius) / (2 * sigma * sigma));
        var total = kernel.Sum();
        if (_rows.Length == 0)
            _rows = new float[_width * _height];
        if (_paddedRow.Length < _width + 2 * radius)
            _paddedRow = new float[_width + 2 * radius];

        Array.Clear(_rows);
        for (var y = 0; y < _height; y++)
        {
            for (var k = 0; k < kernel.Length; k++)
            {
                var source = Math.Clamp(y + k - radius, 0, _height - 1);
                AddScaled(image.Slice(source * _width, _width), kernel[k] / total, _rows.AsSpan(y * _width, _width));
            }
        }
        image.Clear();
        for (var y = 0; y < _height; y++)
        {
            var row = _rows.AsSpan(y * _width, _width);
            _paddedRow.AsSpan(0, radius).Fill(row[0]);
            row.CopyTo(_paddedRow.AsSpan(radius));
            _paddedRow.AsSpan(radius + _width, radius).Fill(row[^1]);
            for (var k = 0; k < kernel.Length; k++)
                AddScaled(_paddedRow.AsSpan(k, _width), kernel[k] / total, image.Slice(y * _width, _width));
        }
    }

    private static void AddScaled(ReadOnlySpan<float> source, float weight, Span<float> target)
    {
        var i = 0;
        for (; i <= source.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(target[i..]) + new Vector<float>(source[i..]) * weight).CopyTo(target[i..]);
        for (; i < source.Length; i++)
            target[i] += source[i] * weight;
    }

    private void AddNoise(float sigma, SeededRandom random, Span<float> image)
    {
        var (low, high) = (_normal[0], _normal[255]);
        ReadOnlySpan<float> table = GaussianTable;
        ulong bits = 0;
        for (var i = 0; i < image.Length; i++)
        {
            bits = i % 5 == 0 ? random.NextUInt64() : bits >> 12; // five indices of 12 bits from each 64
            image[i] = float.ClampNative(image[i] + sigma * table[(int)(bits & 4095)], low, high);
        }
    }

    private void CutOut((double Left, double Top, double Width, double Height) part, Span<float> image)
    {
        var left = (int)(part.Left * _width);
        var width = Math.Min((int)(part.Width * _width), _width - left);
        var top = (int)(part.Top * _height);
        var bottom = Math.Min(top + (int)(part.Height * _height), _height);
        for (var y = top; y < bottom; y++)
            image.Slice(y * _width + left, width).Clear(); // 0 is the contract's mean
    }

    /// <summary>
    /// 4096 draws of exactly mean 0 and deviation 1: a logarithm and a sine for each pixel would cost more than the
    /// warp.
    /// </summary>
    private static float[] MakeGaussianTable()
    {
        var random = new SeededRandom(0);
        var draws = Enumerable.Range(0, 4096).Select(_ => random.NextGaussian()).ToArray();
        var mean = draws.Average();
        var deviation = Math.Sqrt(draws.Average(d => (d - mean) * (d - mean)));
        return [.. draws.Select(d => (float)((d - mean) / deviation))];
    }
}

using System.Runtime.InteropServices;
using Marrow.Computing;
using Marrow.Imaging;
using TorchSharp;

namespace Marrow.Inputs;

/// <summary>A radiograph at the size and with the window of a contract, before normalisation.</summary>
internal sealed record PackedImage
{
    internal PackedImage(
        byte[] pixels, int width, int height, int originalWidth, int originalHeight, AffineTransform toInput) =>
        (
            Pixels, Width, Height, OriginalWidth, OriginalHeight, ToInput) = (
            pixels, width, height, originalWidth, originalHeight, toInput);

    /// <summary>The pixels, [Height * Width], with bright bone; 0 is black.</summary>
    internal byte[] Pixels { get; init; }

    internal int Width { get; }

    internal int Height { get; }

    /// <summary>The width of the original image, in pixels.</summary>
    internal int OriginalWidth { get; }

    internal int OriginalHeight { get; }

    /// <summary>
    /// The transform from original pixels to input pixels. In both, (0, 0) is the outer corner of the first pixel.
    /// </summary>
    internal AffineTransform ToInput { get; }
}

/// <summary>
/// Turns a radiograph into a model's input, in the same way for training, evaluation and prediction. Bone is made
/// bright. The window (two percentiles of the whole image, or the full range of its pixels) is mapped to 0..255, and
/// the image is resized by area and rounded to bytes. The bytes are divided by 255, the mean is subtracted, and the
/// result is divided by the standard deviation. The packed cache holds the bytes.
/// </summary>
public static class Preprocessor
{
    /// <summary>
    /// Part of the packed cache's key: raise it whenever a reader or <see cref="Prepare(Radiograph, InputContract)"/>
    /// gives other bytes.
    /// </summary>
    internal const int Version = 1;

    /// <summary>
    /// Returns the transform from original pixels to input pixels. Letterbox and cover scale both axes equally and
    /// centre the image, also by fractions of a pixel.
    /// </summary>
    internal static AffineTransform ToInput(InputContract contract, int originalWidth, int originalHeight)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(originalWidth);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(originalHeight);
        return Fitted(contract, originalWidth, originalHeight);
    }

    /// <summary>
    /// Returns the transform for a crop, which is fitted like an image of its size. Where letterbox adds space, the
    /// surrounding image is shown.
    /// </summary>
    internal static AffineTransform ToInput(InputContract contract, ImageCrop crop) =>
        crop.ToCrop.Then(Fitted(contract, crop.Width, crop.Height));

    private static AffineTransform Fitted(InputContract contract, double originalWidth, double originalHeight)
    {
        var x = contract.Width / originalWidth;
        var y = contract.Height / originalHeight;
        if (contract.Fit == Fit.Stretch)
            return AffineTransform.Scale(x, y);
        var scale = contract.Fit == Fit.Cover ? Math.Max(x, y) / contract.CropShare : Math.Min(x, y);
        return new AffineTransform(
            scale, 0, (contract.Width - originalWidth * scale) / 2,
            0, scale, (contract.Height - originalHeight * scale) / 2);
    }

    /// <summary>
    /// Reads image files as a tensor [N, C, H, W], which the caller disposes. Throws <see cref="MarrowException"/> when
    /// a file can't be read, and when the contract expects a crop, since its weights were not trained on whole images.
    /// </summary>
    public static torch.Tensor Read(InputContract contract, params IReadOnlyList<string> paths) =>
        ToTensor([.. paths.Select(path => Load(path, contract))], contract);

    /// <summary>
    /// Reads and prepares one file, as the packed cache does. Throws <see cref="MarrowException"/> when it can't be
    /// read.
    /// </summary>
    internal static PackedImage Load(string path, InputContract contract) =>
        Prepare(RadiographReader.Read(path, contract.DecodeSize.Width, contract.DecodeSize.Height), contract);

    /// <summary>
    /// Windowed and resized bytes. An image whose two percentiles coincide (nearly all of one value) is windowed
    /// between its extremes; one of a single value becomes black. Throws <see cref="MarrowException"/> for an
    /// impossible contract, and for one that sees a crop: its weights know nothing of whole images.
    /// </summary>
    internal static PackedImage Prepare(Radiograph radiograph, InputContract contract)
    {
        Check(radiograph, contract);
        if (contract.Crop is { } crop)
            throw MarrowException.Bad(
                radiograph.Source,
                $"a crop of it, since these weights see {crop.Describe()}",
                "the whole image",
                "Find it with that checkpoint first, as marrow predict does.");
        var toInput = ToInput(contract, radiograph.OriginalWidth, radiograph.OriginalHeight);
        var (black, white) = Window(radiograph, contract);
        // The radiograph may have been decoded at a reduced scale: its pixels are larger than original ones.
        var pixels = AreaResize.Run(radiograph.Pixels, radiograph.Width, radiograph.Height, black, white,
            contract.Width, contract.Height,
            toInput.A * radiograph.OriginalWidth / radiograph.Width, toInput.C,
            toInput.E * radiograph.OriginalHeight / radiograph.Height, toInput.F);
        return new PackedImage(
            pixels,
            contract.Width,
            contract.Height,
            radiograph.OriginalWidth,
            radiograph.OriginalHeight,
            toInput);
    }

    /// <summary>
    /// What is seen of a crop, for a contract with <see cref="InputContract.Crop"/>. The percentiles are those of
    /// what is seen; what lies outside the image is black. Throws <see cref="MarrowException"/> for an impossible
    /// contract.
    /// </summary>
    internal static PackedImage Prepare(Radiograph radiograph, InputContract contract, ImageCrop crop)
    {
        var (pixels, toInput) = PrepareCrop(radiograph, contract, crop, (0, 0));
        return new PackedImage(
            pixels,
            contract.Width,
            contract.Height,
            radiograph.OriginalWidth,
            radiograph.OriginalHeight,
            toInput);
    }

    /// <param name="border">The number of input pixels that are added on each side, beyond what the model sees.</param>
    /// <returns>
    /// The bytes, [(Height + 2 border.Y) * (Width + 2 border.X)], and the transform from original pixels to input
    /// pixels.
    /// </returns>
    internal static (byte[] Pixels, AffineTransform ToInput) PrepareCrop(
        Radiograph radiograph,
        InputContract contract,
        ImageCrop crop,
        (int X, int Y) border)
    {
        Check(radiograph, contract);
        var toInput = ToInput(contract, crop);
        var (width, height) = (contract.Width + 2 * border.X, contract.Height + 2 * border.Y);
        var values = CropSampler.Run(
            radiograph,
            toInput.Then(AffineTransform.Translate(border.X, border.Y)),
            width,
            height);
        return (ToBytes(radiograph, contract, values, width, border), toInput);
    }

    /// <summary>
    /// The strip along a curve as it is packed: with its border, and more finely than the input by
    /// <see cref="InputContract.PackedDensity"/>.
    /// </summary>
    /// <param name="curve">Points along the curve, in original pixels.</param>
    internal static byte[] PackStrip(Radiograph radiograph, InputContract contract, IReadOnlyList<Point2D> curve)
    {
        Check(radiograph, contract);
        var strip = new StraightStrip(curve, contract.StripLayout);
        var ((width, height), border, density) = (contract.PackedSize, contract.PackedBorder, contract.PackedDensity);
        var values = CropSampler.Run(radiograph, row =>
        {
            // The packed pixel's centre in pixels of the strip.
            var y = (row + 0.5) / density - border.Y;
            var first = strip.ToImage(new(0.5 / density - border.X, y));
            var across = strip.ToImage(new(1.5 / density - border.X, y)) - first;
            var down = strip.ToImage(new(contract.Width / 2.0, y + 1 / density))
                - strip.ToImage(new(contract.Width / 2.0, y));
            return (first, across, down);
        }, width, height);
        return ToBytes(radiograph, contract, values, width,
            ((int)(border.X * density), (int)(border.Y * density)));
    }

    /// <summary>What a model sees of a strip: the bytes, [Height * Width].</summary>
    internal static PackedImage PrepareStrip(Radiograph radiograph, InputContract contract, StraightStrip strip)
    {
        Check(radiograph, contract);
        var values = CropSampler.Run(radiograph, strip.Pixels, contract.Width, contract.Height);
        return new(
            ToBytes(radiograph, contract, values, contract.Width, (0, 0)),
            contract.Width,
            contract.Height,
            radiograph.OriginalWidth,
            radiograph.OriginalHeight,
            AffineTransform.Identity);
    }

    /// <summary>
    /// Windows the values of what is cut out of an image. The percentiles are those of what lies within the border, and
    /// what lies outside the image is black.
    /// </summary>
    private static byte[] ToBytes(
        Radiograph radiograph, InputContract contract, float[] values, int width, (int X, int Y) border)
    {
        var histogram = new int[ushort.MaxValue + 1];
        var count = 0;
        for (var y = border.Y; y < values.Length / width - border.Y; y++)
        {
            foreach (var value in values.AsSpan(y * width + border.X, width - 2 * border.X))
            {
                if (float.IsNaN(value))
                    continue;
                histogram[(int)(value + 0.5f)]++;
                count++;
            }
        }
        var (black, white) = count == 0 ? (0, 0) : Window(radiograph, contract, histogram, count);
        var gain = white == black ? 0 : 255 / (white - black);
        var pixels = new byte[values.Length];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = float.IsNaN(values[i]) ? (byte)0 : (byte)(Math.Clamp((values[i] - black) * gain, 0, 255) + 0.5);
        return pixels;
    }

    private static void Check(Radiograph radiograph, InputContract contract)
    {
        contract.Validate(radiograph.Source);
        if (radiograph.Pixels.Length != (long)radiograph.Width * radiograph.Height || radiograph.Pixels.Length == 0)
            throw new ArgumentException(
                $"{radiograph.Source}: {radiograph.Pixels.Length} pixels for {radiograph.Width} x {radiograph.Height}."
            );
    }

    /// <summary>
    /// Returns the values that become 0 and 255. When bone is dark in the file, the first one is the larger.
    /// </summary>
    internal static (double Black, double White) Window(Radiograph radiograph, InputContract contract)
    {
        var histogram = new int[contract.Window == WindowKind.FullRange ? 0 : ushort.MaxValue + 1];
        if (histogram.Length > 0)
        {
            foreach (var value in radiograph.Pixels)
                histogram[value]++;
        }
        return Window(radiograph, contract, histogram, radiograph.Pixels.Length);
    }

    private static (double Black, double White) Window(
        Radiograph radiograph,
        InputContract contract,
        int[] histogram,
        long count)
    {
        if (contract.Window == WindowKind.FullRange)
        {
            var largest = (1 << radiograph.BitDepth) - 1;
            return radiograph.Polarity == Polarity.BoneDark ? (largest, 0) : (0, largest);
        }
        var (black, white) = (At(contract.WindowLow), At(contract.WindowHigh));
        return black == white ? (At(0), At(1)) : (black, white);

        // Percentile p of the negative is percentile 1 - p of the positive.
        double At(double fraction) =>
            Percentile(histogram, count, radiograph.Polarity == Polarity.BoneDark ? 1 - fraction : fraction);
    }

    /// <summary>
    /// Returns a percentile, interpolated linearly between the two nearest ranks, as numpy does by default.
    /// </summary>
    internal static double Percentile(ReadOnlySpan<int> histogram, long count, double fraction)
    {
        var rank = fraction * (count - 1);
        var lower = (long)rank;
        var value = 0;
        long seen = histogram[0];
        while (seen <= lower)
            seen += histogram[++value];
        var next = value;
        while (seen <= lower + 1 && next < histogram.Length - 1)
            seen += histogram[++next];
        return lower + 1 >= count ? value : value + (rank - lower) * (next - value);
    }

    /// <summary>
    /// Returns a table of 256 entries that maps a byte b to the model's value (b / 255 - mean) / std.
    /// </summary>
    internal static float[] NormalizationTable(InputContract contract)
    {
        var table = new float[256];
        for (var b = 0; b < 256; b++)
            table[b] = (float)((b / 255.0 - contract.Mean) / contract.Std);
        return table;
    }

    /// <summary>Returns normalised images, [N, C, H, W] in float32 and contiguous. The caller disposes them.</summary>
    internal static torch.Tensor ToTensor(IReadOnlyList<PackedImage> images, InputContract contract)
    {
        var size = contract.Width * contract.Height;
        var values = new float[checked(images.Count * size)];
        var table = NormalizationTable(contract);
        for (var i = 0; i < images.Count; i++)
        {
            if (images[i].Pixels.Length != size)
                throw new ArgumentException($"Image {i} has {images[i].Pixels.Length} pixels, the contract {size}.");
            LookUp(images[i].Pixels, table, values.AsSpan(i * size, size));
        }
        return ToTensor(values, images.Count, contract);
    }

    /// <summary>
    /// Returns values [N * H * W] as [N, C, H, W] with the channel repeated. Each channel is normalised with its own
    /// mean and standard deviation if it has them.
    /// </summary>
    internal static torch.Tensor ToTensor(ReadOnlySpan<float> values, int count, InputContract contract)
    {
        using var scope = torch.NewDisposeScope();
        var images = torch.empty([count, 1, contract.Height, contract.Width], torch.float32, torch.CPU);
        values[..(count * contract.Height * contract.Width)].CopyTo(MemoryMarshal.Cast<byte, float>(images.bytes));
        if (contract.Channels > 1)
            images = images.expand(count, contract.Channels, contract.Height, contract.Width).contiguous();
        if (contract.ChannelMeans is not null)
            images = Renormalise(images, contract);
        return images.MoveToOuterDisposeScope();
    }

    /// <summary>
    /// (v * std + mean - its mean) / its std, channel by channel, where v has the contract's mean and std.
    /// </summary>
    private static torch.Tensor Renormalise(torch.Tensor images, InputContract contract)
    {
        using var scope = torch.NewDisposeScope();
        var channels = Enumerable.Range(0, contract.Channels).ToArray();
        var factors = torch.tensor(
            [.. channels.Select(c => (float)(contract.Std / contract.StdOf(c)))],
            [1, channels.Length, 1, 1],
            device: images.device);
        var offsets = torch.tensor(
            [.. channels.Select(c => (float)((contract.Mean - contract.MeanOf(c)) / contract.StdOf(c)))],
            [1, channels.Length, 1, 1],
            device: images.device);
        return (images * factors).Plus(offsets).MoveToOuterDisposeScope();
    }

    internal static void LookUp(ReadOnlySpan<byte> pixels, ReadOnlySpan<float> table, Span<float> output)
    {
        for (var i = 0; i < pixels.Length; i++)
            output[i] = table[pixels[i]];
    }
}

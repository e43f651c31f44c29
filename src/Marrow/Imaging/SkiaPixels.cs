using SkiaSharp;

namespace Marrow.Imaging;

/// <summary>Pixels that Skia decodes (JPEG, BMP, WebP), to grey values.</summary>
internal static class SkiaPixels
{
    /// <summary>
    /// A codec of a size that was judged before. Throws <see cref="MarrowException"/> when it says otherwise.
    /// </summary>
    public static SKCodec Open(string path, SKData data, ImageHeader header, string kind)
    {
        var codec = SKCodec.Create(data) ?? throw RadiographReader.Corrupt(path, $"{kind} data that can't be decoded");
        if (codec.Info.Width == header.Width && codec.Info.Height == header.Height)
            return codec;
        codec.Dispose();
        throw RadiographReader.Corrupt(path, "two headers that disagree about its size");
    }

    /// <summary>[width * height] grey values of a codec that gives grey.</summary>
    public static ushort[] Grey(string path, SKCodec codec, SKSizeI size)
    {
        var decoded = Decode(
            path,
            codec,
            new SKImageInfo(size.Width, size.Height, SKColorType.Gray8, SKAlphaType.Opaque));
        var pixels = new ushort[size.Width * size.Height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = decoded[i];
        return pixels;
    }

    /// <summary>[width * height] luma; what is transparent is laid on black.</summary>
    /// <param name="coloured">Whether a pixel was no grey.</param>
    /// <param name="transparent">Whether a pixel was not opaque.</param>
    public static ushort[] Luma(string path, SKCodec codec, SKSizeI size, out bool coloured, out bool transparent)
    {
        var alpha = codec.Info.AlphaType == SKAlphaType.Opaque ? SKAlphaType.Opaque : SKAlphaType.Unpremul;
        var decoded = Decode(path, codec, new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, alpha));
        var pixels = new ushort[size.Width * size.Height];
        (coloured, transparent) = (false, false);
        for (var i = 0; i < pixels.Length; i++)
        {
            var (red, green, blue, opacity) = (
                decoded[4 * i],
                decoded[4 * i + 1],
                decoded[4 * i + 2],
                decoded[4 * i + 3]);
            coloured |= red != green || green != blue;
            var luma = Imaging.Luma.Of(red, green, blue);
            pixels[i] = opacity == byte.MaxValue ? luma : (ushort)((luma * opacity + 127) / 255);
            transparent |= opacity != byte.MaxValue;
        }
        return pixels;
    }

    /// <summary>What there is to say of pixels that <see cref="Luma"/> gave.</summary>
    public static List<string> Warnings(ImageHeader header, bool coloured, bool transparent)
    {
        var warnings = RadiographReader.Warnings(header);
        if (coloured)
            warnings.Add("Colour converted to luma.");
        if (transparent)
            warnings.Add("Transparent pixels laid on black.");
        return warnings;
    }

    /// <summary>An 8-bit radiograph of the file's full size, as BMP and WebP give it.</summary>
    public static Radiograph Read(string path, byte[] bytes, ImageHeader header, string kind, IEnumerable<string> said)
    {
        using var data = SKData.CreateCopy(bytes);
        using var codec = Open(path, data, header, kind);
        var pixels = Luma(path, codec, codec.Info.Size, out var coloured, out var transparent);
        return new Radiograph(header.Width, header.Height, pixels, 8, path)
        {
            Warnings = [.. Warnings(header, coloured, transparent), .. said],
        };
    }

    private static byte[] Decode(string path, SKCodec codec, SKImageInfo info)
    {
        var decoded = new byte[info.BytesSize];
        SKCodecResult result;
        unsafe
        {
            fixed (byte* target = decoded)
                result = codec.GetPixels(info, (nint)target, info.RowBytes, SKCodecOptions.Default);
        }
        return result switch
        {
            SKCodecResult.Success => decoded,
            SKCodecResult.IncompleteInput => throw RadiographReader.Truncated(path, "its pixels"),
            _ => throw RadiographReader.Corrupt(path, $"pixels that can't be decoded ({result})"),
        };
    }
}

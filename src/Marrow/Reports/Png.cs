using SkiaSharp;

namespace Marrow.Reports;

/// <summary>Encodes pictures as PNG files.</summary>
internal static class Png
{
    // Of all filters and levels these take a third of the time of Skia's own choice, and 5 % more bytes, on overlays of
    // films.
    private static readonly SKPngEncoderOptions Options = new(SKPngEncoderFilterFlags.Paeth, 4);

    public static byte[] Encode(SKSurface surface)
    {
        using var image = surface.Snapshot();
        using var pixels = image.PeekPixels();
        using var data = pixels.Encode(Options)
            ?? throw new InvalidOperationException("A picture can't be encoded as PNG.");
        return data.ToArray();
    }
}

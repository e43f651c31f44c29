using SkiaSharp;

namespace Marrow.Reports;

/// <summary>Pictures to PNG bytes.</summary>
internal static class Png
{
    public static byte[] Encode(SKSurface surface)
    {
        using var image = surface.Snapshot();
        using var data = image.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }
}

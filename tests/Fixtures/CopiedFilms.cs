using Marrow.Imaging;
using Marrow.Phantoms;

namespace Marrow.Tests;

/// <summary>Films of phantoms, and copies of them as they go round.</summary>
internal static class CopiedFilms
{
    private static readonly PhantomOptions s_options = new() { Width = 160, Height = 440 };

    /// <summary>Writes a film of a made-up patient as JPEG.</summary>
    public static void Write(string path, int patient, int film = 0)
    {
        var phantom = PhantomGenerator.Spine(5, patient, film, s_options);
        ImageWriter.WriteJpeg(path, phantom.Width, phantom.Height, phantom.Pixels);
    }

    /// <summary>Writes a copy of a film.</summary>
    /// <param name="left">What is cut off, shares of the sides.</param>
    /// <param name="scale">The copy's pixels per pixel of what is left of the film.</param>
    /// <param name="bend">How far the film is bent to one side and the other, which no copy is; share of its width.
    /// </param>
    public static void Copy(
        string path,
        string copy,
        double left = 0,
        double top = 0,
        double right = 0,
        double bottom = 0,
        double scale = 1,
        double gamma = 1,
        bool mirror = false,
        bool invert = false,
        double bend = 0,
        int quality = 92)
    {
        var film = RadiographReader.Read(path);
        var (x0, x1) = ((int)(left * film.Width), (int)((1 - right) * film.Width));
        var (y0, y1) = ((int)(top * film.Height), (int)((1 - bottom) * film.Height));
        var pixels = new ushort[(x1 - x0) * (y1 - y0)];
        for (var y = y0; y < y1; y++)
            for (var x = x0; x < x1; x++)
            {
                var moved = (int)Math.Round(bend * film.Width * Math.Sin(3 * Math.PI * y / film.Height));
                var from = Math.Clamp((mirror ? x1 - 1 - x + x0 : x) + moved, 0, film.Width - 1);
                var value = Math.Pow(film.Pixels[y * film.Width + from] / 255.0, gamma);
                pixels[(y - y0) * (x1 - x0) + x - x0] = (ushort)Math.Round(255 * (invert ? 1 - value : value));
            }
        var (width, height) = ((int)((x1 - x0) * scale), (int)((y1 - y0) * scale));
        var scaled = AreaResize.Run(pixels, x1 - x0, y1 - y0, 0, 255, width, height, scale, 0, scale, 0);
        ImageWriter.WriteJpeg(copy, width, height, scaled, quality);
    }
}

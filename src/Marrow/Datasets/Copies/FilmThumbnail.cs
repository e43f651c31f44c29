using Marrow.Imaging;

namespace Marrow.Datasets.Copies;

/// <summary>
/// A small picture of a film, by which films are compared: the uniform border is cut off, all but the outermost grey
/// values are spread over 0 to 255, and the longer side has <see cref="LongestSidePx"/>. It has nothing of the file
/// that a copy may lack: not its name, its format, its size or its range of values.
/// </summary>
/// <param name="Pixels">[Height * Width]</param>
internal sealed record FilmThumbnail(int Width, int Height, byte[] Pixels)
{
    public const int LongestSidePx = 192;

    private const double OuterShare = 0.005; // of the values at each end: letters and bare edges
    private const int SampledValues = 4096;

    /// <summary>
    /// Decodes a film at a reduced scale where that is possible. Throws <see cref="MarrowException"/> when it can't be
    /// read.
    /// </summary>
    public static FilmThumbnail Read(string path)
    {
        var header = RadiographReader.ReadHeader(path);
        var (width, height) = SizeOf(header.Width, header.Height);
        return Of(RadiographReader.Read(path, width, height));
    }

    public static FilmThumbnail Of(Radiograph radiograph)
    {
        var film = FilmBorder.Of(radiograph).Film;
        // A reduced JPEG may have another aspect by a pixel; the picture keeps that of the pixels at hand.
        var (width, height) = SizeOf(film.Width, film.Height);
        var (low, high) = Window(film.Pixels);
        return new(width, height, AreaResize.Run(
            film.Pixels, film.Width, film.Height, low, high,
            width, height, width / (double)film.Width, 0, height / (double)film.Height, 0));
    }

    private static (int Width, int Height) SizeOf(int width, int height)
    {
        var scale = LongestSidePx / (double)Math.Max(width, height);
        return (Side(width), Side(height));

        int Side(int side) => Math.Max(1, (int)Math.Round(side * scale));
    }

    private static (ushort Low, ushort High) Window(ushort[] pixels)
    {
        var step = Math.Max(1, pixels.Length / SampledValues);
        var values = new ushort[(pixels.Length + step - 1) / step];
        for (var i = 0; i < values.Length; i++)
            values[i] = pixels[i * step];
        Array.Sort(values);
        var outer = (int)(values.Length * OuterShare);
        return (values[outer], values[^(outer + 1)]);
    }
}

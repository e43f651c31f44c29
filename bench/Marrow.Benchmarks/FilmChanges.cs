using System.Buffers.Binary;
using System.IO.Compression;
using Marrow.Imaging;

namespace Marrow.Benchmarks;

/// <summary>One way in which a film may come otherwise to a reader than it was taken.</summary>
/// <param name="Apply">
/// Returns the changed film; a change that is of a file's format writes one to the folder and reads it.
/// </param>
internal sealed record FilmChange(string Name, Func<Radiograph, string, Radiograph> Apply);

/// <summary>What happens to films on their way: they are turned, resized, packed, brightened, framed and cut.</summary>
internal static class FilmChanges
{
    private const double BorderShare = 0.1; // of a side, on each side
    private const double CutShare = 0.05; // of a side, from each side: 10 % in all

    public static readonly IReadOnlyList<FilmChange> All =
    [
        new("mirror image", (film, _) => Moved(film, film.Width, film.Height, new(-1, 0, film.Width, 0, 1, 0))),
        new("turned by 10° clockwise", (film, _) => Turned(film, 10)),
        new("turned by 10° counterclockwise", (film, _) => Turned(film, -10)),
        new("turned by 20° clockwise", (film, _) => Turned(film, 20)),
        new("turned by 20° counterclockwise", (film, _) => Turned(film, -20)),
        new("half the size", (film, _) => Scaled(film, 0.5)),
        new("twice the size", (film, _) => Scaled(film, 2)),
        new("JPEG of quality 30", (film, folder) => ThroughFile(Path.Combine(folder, "film.jpg"), film, path =>
            ImageWriter.WriteJpeg(path, film.Width, film.Height, Bytes(film), quality: 30))),
        new("gamma 0.6", (film, _) => Shaded(film, share => Math.Pow(share, 0.6))),
        new("gamma 1.6", (film, _) => Shaded(film, share => Math.Pow(share, 1.6))),
        new("half the contrast", (film, _) => Shaded(film, share => 0.25 + 0.5 * share)),
        new("negative", (film, _) => Shaded(film, share => 1 - share)),
        new("PNG of 8 bits", (film, folder) => ThroughFile(Path.Combine(folder, "film-8.png"), film, path =>
            ImageWriter.WritePng8(path, film.Width, film.Height, Bytes(film)))),
        new("PNG of 16 bits", (film, folder) => ThroughFile(Path.Combine(folder, "film-16.png"), film, path =>
            WritePng16(path, film, ushort.MaxValue))),
        new("PNG of 16 bits, 12 of them used", (film, folder) =>
            ThroughFile(Path.Combine(folder, "film-12.png"), film, path => WritePng16(path, film, (1 << 12) - 1))),
        new("black border of 10 %", (film, _) => Framed(film, 0)),
        new("white border of 10 %", (film, _) => Framed(film, (ushort)Most(film))),
        new("cropped by 10 %", (film, _) => Grown(film, -CutShare, 0)),
        new("collimated by 10 %", (film, _) => Grown(Grown(film, -CutShare, 0), CutShare / (1 - 2 * CutShare), 0)),
    ];

    /// <summary>The part of a film that is left when it is cropped, in its pixels.</summary>
    public static (double Left, double Top, double Right, double Bottom) LeftByCrop(int width, int height) =>
        (CutShare * width, CutShare * height, (1 - CutShare) * width, (1 - CutShare) * height);

    private static int Most(Radiograph film) => (1 << film.BitDepth) - 1;

    /// <summary>
    /// Turns a film about its centre. The canvas grows so that nothing is cut off, and what is new is black.
    /// </summary>
    private static Radiograph Turned(Radiograph film, double degrees)
    {
        var radians = degrees * Math.PI / 180;
        var (cos, sin) = (Math.Abs(Math.Cos(radians)), Math.Abs(Math.Sin(radians)));
        var width = (int)Math.Ceiling(film.Width * cos + film.Height * sin);
        var height = (int)Math.Ceiling(film.Width * sin + film.Height * cos);
        return Moved(film, width, height, AffineTransform.Translate(-film.Width / 2.0, -film.Height / 2.0)
            .Then(AffineTransform.Rotate(radians))
            .Then(AffineTransform.Translate(width / 2.0, height / 2.0)));
    }

    private static Radiograph Scaled(Radiograph film, double factor) => Moved(
        film, (int)(film.Width * factor), (int)(film.Height * factor), AffineTransform.Scale(factor, factor));

    private static Radiograph Framed(Radiograph film, ushort grey) => Grown(film, BorderShare, grey);

    /// <summary>Adds so much of a side on each side, in one grey, or takes it away where it is negative.</summary>
    private static Radiograph Grown(Radiograph film, double share, ushort grey)
    {
        var (across, down) = ((int)Math.Round(share * film.Width), (int)Math.Round(share * film.Height));
        return Moved(
            film, film.Width + 2 * across, film.Height + 2 * down, AffineTransform.Translate(across, down), grey);
    }

    /// <summary>
    /// Moves a film onto another canvas, with bilinear interpolation. Halved, it is the mean of 2 x 2 pixels.
    /// </summary>
    /// <param name="move">From the film's pixels to those of the canvas.</param>
    /// <param name="outside">The grey of what the film does not cover.</param>
    private static Radiograph Moved(
        Radiograph film, int width, int height, AffineTransform move, ushort outside = 0)
    {
        var back = move.Invert();
        var pixels = new ushort[width * height];
        for (var i = 0; i < pixels.Length; i++)
        {
            var from = back.Apply(new(i % width + 0.5, i / width + 0.5));
            var isInside = from.X >= 0 && from.X < film.Width && from.Y >= 0 && from.Y < film.Height;
            pixels[i] = isInside ? Between(film, from.X - 0.5, from.Y - 0.5) : outside;
        }
        return new(width, height, pixels, film.BitDepth, film.Source);
    }

    private static ushort Between(Radiograph film, double x, double y)
    {
        var (left, top) = ((int)Math.Floor(x), (int)Math.Floor(y));
        var (across, down) = (x - left, y - top);
        var upper = (1 - across) * At(left, top) + across * At(left + 1, top);
        var lower = (1 - across) * At(left, top + 1) + across * At(left + 1, top + 1);
        return (ushort)Math.Round((1 - down) * upper + down * lower);

        double At(int column, int row) =>
            film.Pixels[Math.Clamp(row, 0, film.Height - 1) * film.Width + Math.Clamp(column, 0, film.Width - 1)];
    }

    private static Radiograph Shaded(Radiograph film, Func<double, double> shade) => new(
        film.Width, film.Height, Values(film, Most(film), shade), film.BitDepth, film.Source);

    private static Radiograph ThroughFile(string path, Radiograph film, Action<string> write)
    {
        write(path);
        return new(RadiographReader.Read(path)) { Source = film.Source };
    }

    private static byte[] Bytes(Radiograph film) =>
        [.. Values(film, byte.MaxValue, share => share).Select(value => (byte)value)];

    /// <summary>The pixels, whose values reach to another one.</summary>
    private static ushort[] Values(Radiograph film, int most, Func<double, double> shade)
    {
        ushort[] shades =
        [
            .. Enumerable.Range(0, Most(film) + 1)
                .Select(value => (ushort)Math.Round(most * shade(value / (double)Most(film)))),
        ];
        return [.. film.Pixels.Select(value => shades[value])];
    }

    /// <summary>Writes a grey PNG of 16 bits, without filters, whose values reach to the one given.</summary>
    private static void WritePng16(string path, Radiograph film, int most)
    {
        const int filterByte = 1, bytes = sizeof(ushort);
        var values = Values(film, most, share => share);
        var stride = filterByte + film.Width * bytes;
        var rows = new byte[stride * film.Height];
        for (var i = 0; i < values.Length; i++)
        {
            var at = i / film.Width * stride + filterByte + i % film.Width * bytes;
            BinaryPrimitives.WriteUInt16BigEndian(rows.AsSpan(at), values[i]);
        }
        Span<byte> header = stackalloc byte[13];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, film.Width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], film.Height);
        header[8] = 16; // bits; the colour type is 0, grey
        using var packed = new MemoryStream();
        using (var deflate = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            deflate.Write(rows);
        using var file = File.Create(path);
        file.Write(PngChunk.Signature);
        PngChunk.Write(file, PngChunk.Header, header);
        PngChunk.Write(file, PngChunk.Data, packed.GetBuffer().AsSpan(0, (int)packed.Length));
        PngChunk.Write(file, PngChunk.End, []);
    }
}

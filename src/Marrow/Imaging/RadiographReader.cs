namespace Marrow.Imaging;

internal enum ImageFormat
{
    Png,
    Jpeg,
    Tiff,
    Bmp,
    WebP,
}

/// <summary>What an image file says of itself before a pixel is decoded.</summary>
/// <param name="BitDepth">Of the stored samples: 1 to 16, or what else a file says that can't be read.</param>
/// <param name="Channels">
/// Of the stored pixels: 1 grey or palette, 2 grey and alpha, 3 colour, 4 colour and alpha.
/// </param>
/// <param name="ExifOrientation">2 to 8 where an EXIF block turns or mirrors the picture, otherwise 1.</param>
internal sealed record ImageHeader(
    ImageFormat Format,
    int Width,
    int Height,
    int BitDepth,
    int Channels,
    int ExifOrientation = 1);

/// <summary>
/// Image files to radiographs, each by the reader that its first bytes ask for (<see cref="ImageKinds"/>). The header
/// is read and judged before anything is allocated; colour becomes luma (ITU-R BT.601), transparency is laid on black,
/// EXIF orientation is not applied, and each is said in the warnings: geometry in label files belongs to the pixels as
/// they are stored.
/// </summary>
public static class RadiographReader
{
    /// <summary>Shorter sides hold no anatomy.</summary>
    internal const int MinSide = 16;

    /// <summary>A full-spine radiograph at 0.1 mm is about 40 megapixels.</summary>
    internal const long MaxPixels = 80_000_000;

    private const long MaxFileBytes = 512L << 20; // 80 megapixels of 16-bit RGB, uncompressed

    /// <summary>
    /// Decodes a file. With both minima positive a JPEG may be decoded at 1/2, 1/4 or 1/8 of its size as long as both
    /// sides stay at or above them (much faster, and free of aliasing). 8-bit files give 8-bit values, 16-bit ones all
    /// 16 bits. Throws <see cref="MarrowException"/> for anything but a whole, readable image of a kind in
    /// <see cref="ImageKinds"/>.
    /// </summary>
    public static Radiograph Read(string path, int minWidth = 0, int minHeight = 0)
    {
        using var file = Open(path);
        var (kind, header) = Recognise(path, file);
        RequireSize(path, header.Width, header.Height);
        if ((long)header.Width * header.Height > MaxPixels)
            throw MarrowException
                .Bad(
                    path,
                    $"at most {MaxPixels / 1_000_000} megapixels",
                    $"{header.Width}x{header.Height}",
                    "Reduce the image first.")
                .As(ImageFault.WrongSize);
        if (file.Length > MaxFileBytes)
            throw MarrowException.Bad(
                path,
                $"a file of at most {MaxFileBytes >> 20} MiB",
                $"{file.Length >> 20} MiB",
                "Save it again without attachments.");

        var bytes = new byte[file.Length];
        file.Position = 0;
        try
        {
            file.ReadExactly(bytes);
        }
        catch (IOException e)
        {
            throw new MarrowException(
                $"{path}: can't be read ({e.Message}). Check the disk or copy the file again.",
                e);
        }
        try
        {
            return kind.Decode(path, bytes, header, minWidth, minHeight);
        }
        catch (EndOfStreamException e)
        {
            throw Truncated(path, "its data", e);
        }
    }

    /// <summary>Throws <see cref="MarrowException"/> for an image that is too small to show anything.</summary>
    /// <param name="source">What the image is named by.</param>
    internal static void RequireSize(string source, int width, int height)
    {
        if (Math.Min(width, height) < MinSide)
            throw MarrowException
                .Bad(source, $"sides of {MinSide} px or more", $"{width}x{height}", "Use the full-size image.")
                .As(ImageFault.WrongSize);
    }

    /// <summary>
    /// Size, depth and format, from the first bytes alone. Throws <see cref="MarrowException"/> when it is no image of
    /// a kind that is read.
    /// </summary>
    internal static ImageHeader ReadHeader(string path)
    {
        using var file = Open(path);
        return Recognise(path, file).Header;
    }

    private static (ImageKind Kind, ImageHeader Header) Recognise(string path, FileStream file)
    {
        if (file.Length == 0)
            throw MarrowException.Bad(
                path,
                $"a {ImageKinds.Names} file",
                "an empty file",
                "Copy or download it again.");
        Span<byte> start = stackalloc byte[ImageKinds.StartBytes];
        try
        {
            start = start[..file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
            file.Position = 0;
            if (ImageKinds.Find(start) is { } kind)
                return (kind, kind.ReadHeader(path, file));
        }
        catch (EndOfStreamException e)
        {
            throw Truncated(path, "its header", e);
        }
        catch (IOException e)
        {
            throw new MarrowException(
                $"{path}: can't be read ({e.Message}). Check the disk or copy the file again.",
                e);
        }
        throw ImageKinds.FindUnread(start) is { } unread
            ? MarrowException.Unsupported(path, $"a {ImageKinds.Names} file", unread.Name, unread.Remedy)
            : MarrowException.Bad(
                path,
                $"a {ImageKinds.Names} file",
                $"one that starts with {Convert.ToHexString(start[..Math.Min(8, start.Length)])}",
                "Convert the image to PNG first.");
    }

    internal static MarrowException Truncated(string path, string where, Exception? inner = null) =>
        MarrowException
            .Damaged(
                path,
                "a whole image",
                $"a file that ends within {where}",
                "It was cut off: copy or download it again.",
                inner)
            .As(ImageFault.Truncated);

    internal static MarrowException Corrupt(string path, string found, Exception? inner = null) =>
        MarrowException.Damaged(path, "a whole image", found, "It is damaged: copy or download it again.", inner);

    /// <summary>Warnings that both decoders give.</summary>
    internal static List<string> Warnings(ImageHeader header)
    {
        var warnings = new List<string>();
        if (header.ExifOrientation != 1)
            warnings.Add($"EXIF orientation {header.ExifOrientation} ignored: the pixels are used as they are stored.");
        return warnings;
    }

    private static FileStream Open(string path)
    {
        if (Directory.Exists(path))
            throw MarrowException.Bad(path, "a file", "a folder", "Name one image in it.");
        try
        {
            return InputFile.Open(path, InputFile.AnySize);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw MarrowException
                .NotFound(path, "an image", "no file of that name", "Check the path.", e)
                .As(ImageFault.Missing);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MarrowException($"{path}: can't be opened ({e.Message}). Check the path and its permissions.", e);
        }
    }
}

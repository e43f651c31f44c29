namespace Marrow.Imaging;

/// <summary>A kind of image files that is read.</summary>
/// <param name="Begins">
/// Whether a file that begins with these bytes (<see cref="ImageKinds.StartBytes"/>, or all of a shorter one) is of the
/// kind.
/// </param>
/// <param name="ReadHeader">
/// Name and stream at the first byte -> what the file says of itself. Allocates nothing by what it reads.
/// </param>
/// <param name="Decode">
/// Name, all bytes, header, and the least width and height that are wanted (0: the full size) -> radiograph.
/// </param>
internal sealed record ImageKind(
    string Name,
    Func<ReadOnlySpan<byte>, bool> Begins,
    Func<string, Stream, ImageHeader> ReadHeader,
    Func<string, byte[], ImageHeader, int, int, Radiograph> Decode,
    params string[] Extensions);

/// <summary>Image files that are known and not read.</summary>
/// <param name="Name">"DICOM", in "expected PNG or JPEG, found DICOM".</param>
internal sealed record UnreadKind(
    string Name,
    Func<ReadOnlySpan<byte>, bool> Begins,
    string Remedy,
    params string[] Extensions);

/// <summary>
/// The catalogue of image files: what a file is, is said by its first bytes and never by its name. To read another
/// kind, add a line with its header and its pixels to <see cref="Read"/>.
/// </summary>
internal static class ImageKinds
{
    /// <summary>So many of a file's first bytes tell its kind.</summary>
    public const int StartBytes = 132 + 4;

    private const string Convert = "Convert it to PNG first, with ImageMagick for example: magick FILE FILE.png.";

    public static readonly IReadOnlyList<ImageKind> Read =
    [
        new(
            "PNG",
            start => start.StartsWith(PngChunk.Signature),
            PngDecoder.ReadHeader,
            (path, bytes, header, _, _) => PngDecoder.Decode(path, bytes, header),
            ".png"),
        new(
            "JPEG",
            start => start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]),
            JpegDecoder.ReadHeader,
            JpegDecoder.Decode,
            ".jpg",
            ".jpeg",
            ".jfif",
            ".jpe"),
        new(
            "TIFF",
            TiffDecoder.Begins,
            TiffDecoder.ReadHeader,
            (path, bytes, header, _, _) => TiffDecoder.Decode(path, bytes, header),
            ".tif",
            ".tiff"),
        new(
            "BMP",
            BmpDecoder.Begins,
            BmpDecoder.ReadHeader,
            (path, bytes, header, _, _) => BmpDecoder.Decode(path, bytes, header),
            ".bmp",
            ".dib"),
        new(
            "WebP",
            WebPDecoder.Begins,
            WebPDecoder.ReadHeader,
            (path, bytes, header, _, _) => WebPDecoder.Decode(path, bytes, header),
            ".webp"),
    ];

    public static readonly IReadOnlyList<UnreadKind> Unread =
    [
        new(
            "DICOM",
            IsDicom,
            "DICOM is not read yet; convert with DCMTK: dcmj2pnm +on2 +Wm FILE FILE.png.",
            ".dcm",
            ".dicom"),
        new("BigTIFF", start => start.StartsWith("II+\0"u8) || start.StartsWith("MM\0+"u8), Convert),
        new(
            "JPEG 2000",
            start =>
                start.StartsWith("\0\0\0\fjP  "u8) || start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0x4F, 0xFF, 0x51]),
            Convert,
            ".jp2",
            ".j2k",
            ".jpx"),
        new(
            "JPEG XL",
            start => start.StartsWith("\0\0\0\fJXL "u8) || start.StartsWith((ReadOnlySpan<byte>)[0xFF, 0x0A]),
            Convert,
            ".jxl"),
        new(
            "HEIF or AVIF",
            start => start.Length >= 12 && start[4..8].SequenceEqual("ftyp"u8),
            Convert,
            ".heic",
            ".heif",
            ".avif"),
        new("GIF", start => start.StartsWith("GIF8"u8), Convert, ".gif"),
        new(
            "PNM",
            start =>
                start.Length >= 3
                && start[0] == 'P'
                && start[1] is >= (byte)'1' and <= (byte)'7'
                && start[2] is (byte)'\n' or (byte)' ' or (byte)'\r',
            Convert,
            ".pgm",
            ".ppm",
            ".pbm",
            ".pnm"),
        new(
            "NIfTI",
            start =>
                start.StartsWith((ReadOnlySpan<byte>)[0x5C, 1, 0, 0])
                || start.StartsWith((ReadOnlySpan<byte>)[0, 0, 1, 0x5C]),
            "Save the radiograph as 16-bit PNG first.",
            ".nii",
            ".mha",
            ".mhd",
            ".nrrd"),
        new(
            "PDF",
            start => start.StartsWith("%PDF"u8),
            "Save the radiograph in it as PNG first, for example: pdfimages -png FILE NAME.",
            ".pdf"),
    ];

    /// <summary>Extensions of the kinds that are read, in lower case.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [.. Read.SelectMany(kind => kind.Extensions)];

    /// <summary>The names of all kinds: "PNG, JPEG, TIFF, BMP or WebP".</summary>
    public static string Names { get; } =
        $"{string.Join(", ", Read.SkipLast(1).Select(kind => kind.Name))} or {Read[^1].Name}";

    /// <summary>Null for bytes of no kind that is read.</summary>
    public static ImageKind? Find(ReadOnlySpan<byte> start)
    {
        foreach (var kind in Read)
        {
            if (kind.Begins(start))
                return kind;
        }
        return null;
    }

    /// <summary>Null for bytes of no kind that is known.</summary>
    public static UnreadKind? FindUnread(ReadOnlySpan<byte> start)
    {
        foreach (var kind in Unread)
        {
            if (kind.Begins(start))
                return kind;
        }
        return null;
    }

    /// <summary>
    /// Whether a name is that of an image, of a kind that is read or known: then silence about its content would be
    /// wrong.
    /// </summary>
    public static bool IsNamedAsImage(string path)
    {
        var extension = Path.GetExtension(path);
        return Extensions
            .Concat(Unread.SelectMany(kind => kind.Extensions))
            .Contains(extension, StringComparer.OrdinalIgnoreCase);
    }

    // With the preamble of part 10, or from its first element, as old devices write it.
    private static bool IsDicom(ReadOnlySpan<byte> start) =>
        (start.Length >= 132 && start[128..132].SequenceEqual("DICM"u8))
        || (
            start.Length >= 8
            && start[0] is 2 or 8
            && start[1..2].SequenceEqual("\0"u8)
            && start[2] is 0 or 5
            && start[3] == 0
            && (
                start[4..6].SequenceEqual("UL"u8)
                || start[4..6].SequenceEqual("CS"u8)
                || (start[4] is 4 or 10 && start[5] == 0)));
}

namespace Marrow.Imaging;

internal enum Polarity
{
    /// <summary>Dense structures are bright (DICOM MONOCHROME2); what every reader returns.</summary>
    BoneBright,
    BoneDark,
}

/// <summary>One decoded greyscale image, row-major from the top left, with what is known of it.</summary>
public sealed class Radiograph
{
    /// <summary>An image in memory, in which dense structures are bright (DICOM MONOCHROME2).</summary>
    /// <param name="pixels">[height * width], 0 to 2^bitDepth - 1.</param>
    /// <param name="bitDepth">The bits of a pixel, 8 to 16.</param>
    /// <param name="source">What findings name it by: the file it came from.</param>
    public Radiograph(int width, int height, ushort[] pixels, int bitDepth, string source)
    {
        (Width, Height, Pixels, BitDepth, Source) = (width, height, pixels, bitDepth, source);
        (OriginalWidth, OriginalHeight) = (width, height);
    }

    /// <summary>The same, to be changed in what an initialiser names.</summary>
    internal Radiograph(Radiograph like)
        : this(like.Width, like.Height, like.Pixels, like.BitDepth, like.Source)
    {
        (OriginalWidth, OriginalHeight) = (like.OriginalWidth, like.OriginalHeight);
        (Polarity, Warnings) = (like.Polarity, like.Warnings);
    }

    public int Width { get; internal init; }

    public int Height { get; internal init; }

    /// <summary>[Height * Width], 0 to 2^BitDepth - 1.</summary>
    public ushort[] Pixels { get; internal init; }

    /// <summary>The bits of a pixel, 8 to 16.</summary>
    public int BitDepth { get; internal init; }

    internal Polarity Polarity { get; init; } = Polarity.BoneBright;

    /// <summary>The file it came from, as the user named it.</summary>
    public string Source { get; internal init; }

    /// <summary>Size in the file, px; larger than Width x Height when it was decoded at a reduced scale.</summary>
    public int OriginalWidth { get; internal init; }

    public int OriginalHeight { get; internal init; }

    /// <summary>What a user should know ("EXIF orientation 6 ignored"); empty when nothing.</summary>
    public IReadOnlyList<string> Warnings { get; internal init; } = [];
}

namespace Marrow.Imaging;

public enum Polarity
{
    /// <summary>Dense structures are bright (DICOM MONOCHROME2); what every reader returns.</summary>
    BoneBright,
    BoneDark,
}

/// <summary>One decoded greyscale image, row-major from the top left, with what is known of it.</summary>
public sealed record Radiograph
{
    public required int Width { get; init; }
    public required int Height { get; init; }

    /// <summary>[Height * Width], 0 to 2^BitDepth - 1.</summary>
    public required ushort[] Pixels { get; init; }

    /// <summary>The bits of a pixel, 8 to 16.</summary>
    public required int BitDepth { get; init; }

    public Polarity Polarity { get; init; } = Polarity.BoneBright;

    /// <summary>The file it came from, as the user named it.</summary>
    public required string Source { get; init; }

    /// <summary>Size in the file, px; larger than Width x Height when it was decoded at a reduced scale.</summary>
    public required int OriginalWidth { get; init; }
    public required int OriginalHeight { get; init; }

    /// <summary>What a user should know ("EXIF orientation 6 ignored"); empty when nothing.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

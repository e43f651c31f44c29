namespace Marrow.Findings;

/// <summary>What was outlined.</summary>
public sealed class RegionsPart : FindingPart
{
    internal RegionsPart()
    {
    }

    /// <summary>One for each class, in the checkpoint's order; empty when the image could not be read.</summary>
    public IReadOnlyList<FoundRegion> Regions { get; internal init; } = [];

    /// <summary>
    /// [Height * Width]: the class of each pixel, 0 for background, 1 for the first; empty when the image could not be
    /// read.
    /// </summary>
    public byte[] Mask { get; internal set; } = [];

    /// <summary>Returns the same without its mask.</summary>
    internal RegionsPart WithoutMask()
    {
        var plain = (RegionsPart)MemberwiseClone();
        plain.Mask = [];
        return plain;
    }
}

/// <summary>One class of a finding.</summary>
public sealed class FoundRegion
{
    internal FoundRegion(string @class, long areaPixels, double areaShare, double confidence) =>
        (Class, AreaPixels, AreaShare, Confidence) = (@class, areaPixels, areaShare, confidence);

    public string Class { get; }

    /// <summary>Of the original image.</summary>
    public long AreaPixels { get; }

    /// <summary>Of the whole image, 0 to 1.</summary>
    public double AreaShare { get; }

    /// <summary>
    /// 0 to 1: the Dice that the probabilities themselves lead to expect of the area; 0 when it is empty.
    /// </summary>
    public double Confidence { get; }
}

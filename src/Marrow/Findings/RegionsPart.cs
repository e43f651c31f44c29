namespace Marrow.Findings;

/// <summary>What was outlined.</summary>
public sealed record RegionsPart : FindingPart
{
    /// <summary>One for each class, in the checkpoint's order; empty when the image could not be read.</summary>
    public IReadOnlyList<FoundRegion> Regions { get; init; } = [];

    /// <summary>[Height * Width]: the class of each pixel, 0 for background, 1 for the first; empty when the image could not be read.</summary>
    public byte[] Mask { get; init; } = [];
}

/// <summary>One class of a finding.</summary>
/// <param name="AreaPixels">Of the original image.</param>
/// <param name="AreaShare">Of the whole image, 0 to 1.</param>
/// <param name="Confidence">0 to 1: the Dice that the probabilities themselves lead to expect of the area; 0 when it is empty.</param>
public sealed record FoundRegion(string Class, long AreaPixels, double AreaShare, double Confidence);

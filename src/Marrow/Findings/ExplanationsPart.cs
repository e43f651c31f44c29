using Marrow.Imaging;

namespace Marrow.Findings;

/// <summary>Which places of the image the answers come from, where an explanation was asked for.</summary>
public sealed class ExplanationsPart : FindingPart
{
    internal ExplanationsPart(IReadOnlyList<Explanation> explanations) => Explanations = explanations;

    /// <summary>One for each answer that was asked for, in the order asked for.</summary>
    public IReadOnlyList<Explanation> Explanations { get; }
}

/// <summary>
/// Which places of an image speak for one class or raise one number: Grad-CAM (Selvaraju et al. 2017) on the last map
/// of the backbone.
/// </summary>
public sealed class Explanation
{
    internal Explanation(FoundValue of, HeatMap heat) => (Of, Heat) = (of, heat);

    /// <summary>The class or number that is explained, with its value.</summary>
    public FoundValue Of { get; }

    /// <summary>
    /// The place that speaks most for it, in original pixels; null when none does. It is as coarse as the map is: of a
    /// backbone's last map one cell is 32 pixels of the input.
    /// </summary>
    public Point2D? Peak => Heat.Peak;

    /// <summary>
    /// The share of the heat, 0 to 1, that lies on the image. The rest lies on the black that letterboxes and crops
    /// beyond the image show: where the share is low, the model looked at nothing that the film shows.
    /// </summary>
    public double InsideShare => Heat.InsideShare;

    internal HeatMap Heat { get; }

    /// <summary>The name of the file with the heat of each pixel, without folder; null where none is written.</summary>
    internal string? HeatFile { get; init; }

    /// <summary>The name of the file that shows the heat on the image; null where none is written.</summary>
    internal string? OverlayFile { get; init; }

    /// <summary>
    /// Returns the heat of each pixel of the original image, [Height * Width]: 255 is the strongest place of this
    /// answer on this image, 0 one that does not speak for it or that the model did not see.
    /// </summary>
    public byte[] HeatPixels() => Heat.Pixels();
}

using Marrow.Spine;

namespace Marrow.Findings;

/// <summary>
/// One curve of a spine as surgeons name them, of at least 10 degrees. docs/curves.md says how a spine is divided into
/// curves.
/// </summary>
public sealed class FoundCurve
{
    private readonly SpinePart _spine;

    internal FoundCurve(SpinePart spine, SpinalCurve shape) => (_spine, Shape) = (spine, shape);

    /// <summary>By the place of the apex.</summary>
    public CurveRegion Region => Shape.Region;

    /// <summary>
    /// The Cobb angle, between the upper end plate of <see cref="Upper"/> and the lower end plate of
    /// <see cref="Lower"/>. <see cref="SpinePart.CobbDegrees"/> are measured between the mid-lines of vertebrae.
    /// </summary>
    public double Degrees => Shape.Degrees;

    /// <summary>The upper end vertebra, as "T5".</summary>
    public string Upper => _spine.Vertebrae[Shape.Ends.Upper].Level;

    /// <summary>The lower end vertebra, as "T12".</summary>
    public string Lower => _spine.Vertebrae[Shape.Ends.Lower].Level;

    /// <summary>The vertebra or the disc that bulges most: "T8", or "T8/T9" for the disc between the two.</summary>
    public string Apex => Shape.Apex.IsDisc
        ? $"{_spine.Vertebrae[Shape.Apex.Upper].Level}/{_spine.Vertebrae[Shape.Apex.Upper + 1].Level}"
        : _spine.Vertebrae[Shape.Apex.Upper].Level;

    /// <summary>The side of the image to which the curve bulges.</summary>
    public Side ConvexSide => Shape.ConvexSide;

    /// <summary>The side of the patient to which it bulges; null where the film's orientation is not known.</summary>
    public Side? ConvexSideOfPatient => _spine.PatientSideAtLeft is not { } left ? null
        : ConvexSide == Side.Left ? left
        : left == Side.Left ? Side.Right : Side.Left;

    /// <summary>
    /// How far the centre of the apex is from the straight line between the centres of T1 and L5, in original pixels;
    /// positive towards the image's right.
    /// </summary>
    public double ApexOffsetPixels => Shape.ApexOffset;

    /// <summary>The same in mm; null where the size of a pixel is not known.</summary>
    public double? ApexOffsetMm => ApexOffsetPixels * _spine.MmPerPixel;

    /// <summary>As "main thoracic 46.2 T5-T12 apex T8/T9 right of the image".</summary>
    internal string InWords
    {
        get
        {
            var side = ConvexSideOfPatient is { } ofPatient
                ? $"{Name(ofPatient)} of the patient"
                : $"{Name(ConvexSide)} of the image";
            return $"{RegionName} {NumberText.Of(Degrees, "0.0")} {Upper}-{Lower} apex {Apex} {side}";
        }
    }

    /// <summary>As "main thoracic".</summary>
    internal string RegionName => Region switch
    {
        CurveRegion.ProximalThoracic => "proximal thoracic",
        CurveRegion.MainThoracic => "main thoracic",
        CurveRegion.Thoracolumbar => "thoracolumbar",
        _ => "lumbar",
    };

    /// <summary>PT, MT, TL or L, as in Lenke's classification.</summary>
    internal string RegionLetters => Region switch
    {
        CurveRegion.ProximalThoracic => "PT",
        CurveRegion.MainThoracic => "MT",
        CurveRegion.Thoracolumbar => "TL",
        _ => "L",
    };

    /// <summary>The positions of its vertebrae.</summary>
    internal SpinalCurve Shape { get; }

    private static string Name(Side side) => side == Side.Left ? "left" : "right";
}

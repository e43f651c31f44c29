using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>One curve of a spine, by the positions of its vertebrae, 0 at the top. Lengths are in pixels.</summary>
/// <param name="Ends">
/// The end vertebrae. A curve's lower end vertebra is the upper one of the next curve below it.
/// </param>
/// <param name="Degrees">
/// The Cobb angle, 0 to 180: between the upper end plate of the upper end vertebra and the lower end plate of the lower
/// one.
/// </param>
/// <param name="ConvexSide">The side of the image to which the curve bulges.</param>
/// <param name="Apex">The place that bulges most.</param>
/// <param name="ApexOffset">
/// How far the centre of the apex is from the straight line between the centres of the top and the bottom vertebra;
/// positive towards the image's right.
/// </param>
internal readonly record struct SpinalCurve(
    VertebraPair Ends,
    double Degrees,
    Side ConvexSide,
    SpinePlace Apex,
    double ApexOffset)
{
    /// <summary>By the apex; of a spine of 17.</summary>
    public CurveRegion Region => Apex.Upper switch
    {
        < 5 => CurveRegion.ProximalThoracic, // down to the disc T5/T6
        < 11 => CurveRegion.MainThoracic, // down to the disc T11/T12
        11 => CurveRegion.Thoracolumbar, // T12 and the disc below it
        12 when !Apex.IsDisc => CurveRegion.Thoracolumbar, // L1
        _ => CurveRegion.Lumbar,
    };
}

/// <summary>A vertebra, or the disc below it.</summary>
/// <param name="Upper">The vertebra's position, 0 at the top.</param>
internal readonly record struct SpinePlace(int Upper, bool IsDisc)
{
    /// <summary>The centre of the body, or the point halfway between the end plates about the disc.</summary>
    public Point2D CenterOn(IReadOnlyList<Vertebra> vertebrae) => IsDisc
        ? Point2D.Midpoint(vertebrae[Upper].LowerMidpoint, vertebrae[Upper + 1].UpperMidpoint)
        : vertebrae[Upper].Center;
}

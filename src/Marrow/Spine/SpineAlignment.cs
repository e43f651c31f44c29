namespace Marrow.Spine;

/// <summary>
/// How the ends of a spine stand, of T1 to L5. One rule for all signs: a tilt is positive where the end towards the
/// image's right is the lower one, an offset where it is to the image's right.
/// </summary>
public sealed class SpineAlignment
{
    private readonly double? _mmPerPixel;

    /// <param name="vertebrae">17, top to bottom.</param>
    /// <param name="mmPerPixel">Null where it is not known.</param>
    internal SpineAlignment(IReadOnlyList<Vertebra> vertebrae, double? mmPerPixel)
    {
        var (top, fourthLumbar, bottom) = (vertebrae[0], vertebrae[^2], vertebrae[^1]);
        T1TiltDegrees = SpinalCurves.TiltDegrees(top.TopRight - top.TopLeft);
        L4TiltDegrees = SpinalCurves.TiltDegrees(fourthLumbar.BottomRight - fourthLumbar.BottomLeft);
        L5TiltDegrees = SpinalCurves.TiltDegrees(bottom.BottomRight - bottom.BottomLeft);
        T1OffsetPixels = top.Center.X - bottom.Center.X;
        _mmPerPixel = mmPerPixel;
    }

    /// <summary>Of the upper end plate of T1 against the image's horizontal.</summary>
    public double T1TiltDegrees { get; }

    /// <summary>Of the lower end plate of L4 against the image's horizontal.</summary>
    public double L4TiltDegrees { get; }

    /// <summary>Of the lower end plate of L5 against the image's horizontal.</summary>
    public double L5TiltDegrees { get; }

    /// <summary>
    /// How far the centre of T1 is to the side of the centre of L5, in original pixels. It stands for the coronal
    /// balance (C7 over the sacrum), for which no film is measured that far.
    /// </summary>
    public double T1OffsetPixels { get; }

    /// <summary>The same in mm; null where the size of a pixel is not known.</summary>
    public double? T1OffsetMm => T1OffsetPixels * _mmPerPixel;
}

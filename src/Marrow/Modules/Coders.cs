// How boxes and corners are told relative to an anchor, so that a head's outputs are of one scale. Encode and decode
// are inverses.

using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Modules;

/// <summary>
/// R-CNN's box code with weights 1, as torchvision's RetinaNet: centre offsets over the anchor's sides, logarithms of
/// the sides' ratios.
/// </summary>
internal static class BoxCoder
{
    public const int Length = 4;

    /// <summary>torchvision's bound before the exponential: a side grows at most 62.5 times.</summary>
    internal static readonly float LargestLogRatio = MathF.Log(1000f / 16);

    public static void Encode(in Box box, in Box anchor, Span<float> code)
    {
        code[0] = (box.CenterX - anchor.CenterX) / anchor.Width;
        code[1] = (box.CenterY - anchor.CenterY) / anchor.Height;
        code[2] = MathF.Log(box.Width / anchor.Width);
        code[3] = MathF.Log(box.Height / anchor.Height);
    }

    public static Box Decode(ReadOnlySpan<float> code, in Box anchor)
    {
        var (x, y) = (code[0] * anchor.Width + anchor.CenterX, code[1] * anchor.Height + anchor.CenterY);
        var halfWidth = 0.5f * MathF.Exp(MathF.Min(code[2], LargestLogRatio)) * anchor.Width;
        var halfHeight = 0.5f * MathF.Exp(MathF.Min(code[3], LargestLogRatio)) * anchor.Height;
        return new(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight);
    }
}

/// <summary>x, y of TL, TR, BL, BR: offsets from the anchor's centre over the anchor's sides.</summary>
internal static class CornerCoder
{
    public const int Length = 8;

    public static void Encode(in Vertebra vertebra, in Box anchor, Span<float> code)
    {
        Point(vertebra.TopLeft, anchor, code);
        Point(vertebra.TopRight, anchor, code[2..]);
        Point(vertebra.BottomLeft, anchor, code[4..]);
        Point(vertebra.BottomRight, anchor, code[6..]);

        static void Point(Point2D p, in Box anchor, Span<float> code)
        {
            code[0] = (float)((p.X - anchor.CenterX) / anchor.Width);
            code[1] = (float)((p.Y - anchor.CenterY) / anchor.Height);
        }
    }

    public static Vertebra Decode(ReadOnlySpan<float> code, in Box anchor)
    {
        return new(Point(code, anchor), Point(code[2..], anchor), Point(code[4..], anchor), Point(code[6..], anchor));

        static Point2D Point(ReadOnlySpan<float> code, in Box anchor) =>
            new(anchor.CenterX + (double)code[0] * anchor.Width, anchor.CenterY + (double)code[1] * anchor.Height);
    }

    /// <summary>The smallest box around the corners.</summary>
    public static Box BoxOf(in Vertebra v) => new(
        (float)Math.Min(Math.Min(v.TopLeft.X, v.TopRight.X), Math.Min(v.BottomLeft.X, v.BottomRight.X)),
        (float)Math.Min(Math.Min(v.TopLeft.Y, v.TopRight.Y), Math.Min(v.BottomLeft.Y, v.BottomRight.Y)),
        (float)Math.Max(Math.Max(v.TopLeft.X, v.TopRight.X), Math.Max(v.BottomLeft.X, v.BottomRight.X)),
        (float)Math.Max(Math.Max(v.TopLeft.Y, v.TopRight.Y), Math.Max(v.BottomLeft.Y, v.BottomRight.Y)));
}

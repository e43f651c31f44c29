namespace Marrow.Imaging;

/// <summary>
/// A part of an image that is looked at by itself: a rectangle, which may be turned, in original pixels. It may reach
/// beyond the image.
/// </summary>
/// <param name="Center">Of the rectangle.</param>
/// <param name="Width">Along its own x axis.</param>
/// <param name="Height">Along its own y axis.</param>
/// <param name="TiltRadians">By which its x axis is turned, clockwise on the screen; 0 stands upright.</param>
internal sealed record ImageCrop(Point2D Center, double Width, double Height, double TiltRadians = 0)
{
    /// <summary>Original pixels to the crop's, at the same scale; (0, 0) is its top left corner.</summary>
    public AffineTransform ToCrop { get; } = AffineTransform.Translate(-Center.X, -Center.Y)
        .Then(AffineTransform.Rotate(-TiltRadians))
        .Then(AffineTransform.Translate(Width / 2, Height / 2));

    /// <summary>Returns true for a place within the rectangle; false for one that is NaN.</summary>
    public bool Contains(Point2D place)
    {
        var at = ToCrop.Apply(place);
        return at.X >= 0 && at.X <= Width && at.Y >= 0 && at.Y <= Height;
    }

    /// <summary>The crop that is all of an image.</summary>
    public static ImageCrop Whole(int width, int height) => new(new Point2D(width / 2.0, height / 2.0), width, height);
}

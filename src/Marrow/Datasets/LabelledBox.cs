using System.Globalization;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>
/// The place of one thing on an image, as a data set gives it; x grows to the right and y down. The sides lie between
/// pixels: a box around the first pixel alone is (0, 0, 1, 1).
/// </summary>
/// <param name="Class">The index in <see cref="Dataset.BoxClasses"/>.</param>
internal readonly record struct LabelledBox(int Class, double Left, double Top, double Right, double Bottom)
{
    /// <summary>The kind of fault for a box that lies outside its image.</summary>
    internal const string Fault = "box-outside";

    /// <summary>
    /// Returns the smallest upright box around the transformed corners. It is larger than the box when the image is
    /// rotated.
    /// </summary>
    public LabelledBox Transform(AffineTransform moved)
    {
        Point2D[] corners = [.. Corners.Select(moved.Apply)];
        return this with
        {
            Left = corners.Min(c => c.X),
            Top = corners.Min(c => c.Y),
            Right = corners.Max(c => c.X),
            Bottom = corners.Max(c => c.Y),
        };
    }

    /// <summary>The four corners: top left, top right, bottom left and bottom right.</summary>
    internal IReadOnlyList<Point2D> Corners => [new(Left, Top), new(Right, Top), new(Left, Bottom), new(Right, Bottom)];

    /// <summary>Returns true when a part of the box lies outside its image by more than a rounding error.</summary>
    internal bool IsOutside(int width, int height)
    {
        const double rounding = 1; // px: makers of labels count pixels from 0 or from 1
        return Left < -rounding || Top < -rounding || Right > width + rounding || Bottom > height + rounding;
    }

    /// <summary>Describes the box, such as "fracture at (600, 12) to (700, 50) of 640 x 480 px".</summary>
    internal string Describe(string name, int width, int height) => string.Create(
        CultureInfo.InvariantCulture,
        $"{name} at ({Left:0.#}, {Top:0.#}) to ({Right:0.#}, {Bottom:0.#}) of {width} x {height} px");
}

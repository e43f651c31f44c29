using System.Globalization;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>Compares a labelled point with the size of its image.</summary>
internal static class PointFault
{
    public const string Kind = "point-outside";

    /// <summary>Returns false for a point on the image's border, and for one that is not labelled (NaN).</summary>
    public static bool IsOutside(Point2D point, int width, int height) =>
        point.X < 0 || point.Y < 0 || point.X > width || point.Y > height;

    /// <summary>Describes a point, such as "hip at (700, 12) of 640 x 480 px".</summary>
    public static string Describe(string name, Point2D point, int width, int height) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{name} at ({point.X:0.#}, {point.Y:0.#}) of {width} x {height} px");
}

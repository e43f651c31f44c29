using System.Globalization;
using Marrow.Imaging;

namespace Marrow.Datasets;

/// <summary>A labelled point against the size of its image.</summary>
internal static class PointFault
{
    public const string Kind = "point-outside";

    /// <summary>False for a point that is not labelled (NaN), and on the border.</summary>
    public static bool IsOutside(Point2D point, int width, int height) =>
        point.X < 0 || point.Y < 0 || point.X > width || point.Y > height;

    /// <summary>"hip at (700, 12) of 640 x 480 px".</summary>
    public static string Describe(string name, Point2D point, int width, int height) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{name} at ({point.X:0.#}, {point.Y:0.#}) of {width} x {height} px");
}

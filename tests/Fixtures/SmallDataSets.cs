using System.Globalization;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tests;

/// <summary>Small folders in the layouts of the data sets, made for one test each.</summary>
internal static class SmallDataSets
{
    public const int Width = 100, Height = 400;

    /// <summary>An image that no other number gives.</summary>
    public static void WriteImage(string path, int number, int width = Width, int height = Height)
    {
        var pixels = new byte[width * height];
        for (var i = 0; i < pixels.Length; i++)
            pixels[i] = (byte)(SeededRandom.Fork((ulong)number, i / 64).NextUInt64() & 63);
        ImageWriter.WritePng8(path, width, height, pixels);
    }

    public static void WriteText(string path, params string[] lines)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, string.Concat(lines.Select(l => l + "\n")));
    }

    public static DatasetRequest Request(string format, string root, DatasetOptions? options = null) =>
        new() { Name = "test", Format = format, Root = root, Options = options ?? new() };

    /// <summary>A spine that bends both ways: 17 upright vertebrae in pixels.</summary>
    public static Vertebra[] MakeSpine(double bend = 0.3) => [.. Enumerable.Range(0, Vertebra.Count).Select(i =>
    {
        var tilt = bend * Math.Sin(i / 3.0);
        var (sin, cos) = Math.SinCos(tilt);
        var center = new Point2D(50 + 8 * Math.Cos(i / 3.0), 20 + 22 * i);
        Point2D At(double x, double y) => center + new Point2D(cos * x - sin * y, sin * x + cos * y);
        return new Vertebra(At(-12, -7), At(12, -7), At(-12, 7), At(12, 7));
    })];

    /// <summary>
    /// A SpineWeb 16 folder of these spines; angles are those of the sound spine unless they are given.
    /// </summary>
    public static void WriteSpineWeb(string root, params (string Name, Vertebra[] Vertebrae)[] films)
    {
        for (var i = 0; i < films.Length; i++)
            WriteImage(Path.Combine(root, "data", "training", films[i].Name), i);
        var labels = Path.Combine(root, "labels", "training");
        WriteText(Path.Combine(labels, "filenames.csv"), [.. films.Select(f => f.Name)]);
        WriteText(Path.Combine(labels, "landmarks.csv"), [.. films.Select(f => Landmarks(f.Vertebrae))]);
        WriteText(
            Path.Combine(labels, "angles.csv"),
            [.. films.Select(f => Join(CobbAngles.Measure(f.Vertebrae, Height).Degrees))]);
    }

    public static string Landmarks(IEnumerable<Vertebra> vertebrae)
    {
        var corners = vertebrae.SelectMany(v => new[] { v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight }).ToArray();
        return Join(corners.Select(c => c.X / Width).Concat(corners.Select(c => c.Y / Height)));
    }

    private static string Join(IEnumerable<double> values) =>
        string.Join(',', values.Select(v => v.ToString("R", CultureInfo.InvariantCulture)));
}

using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>
/// Where several looks at one film saw its vertebrae, kept to tell how well they agree. Each look begins by
/// <see cref="Begin"/> and adds what its views saw: the image and its mirror image are two views. Places are in the
/// film's pixels.
/// </summary>
internal sealed class SpineLooks
{
    private readonly List<List<Vertebra>[]> _looks = []; // looks, vertebrae, views

    /// <summary>Begins the next look.</summary>
    public void Begin() => _looks.Add([.. Enumerable.Range(0, Vertebra.Count).Select(_ => new List<Vertebra>())]);

    /// <summary>Adds what a view of the current look saw of a vertebra.</summary>
    /// <param name="vertebra">From the top, 0 to 16.</param>
    public void Add(int vertebra, in Vertebra seen) => _looks[^1][vertebra].Add(seen);

    /// <summary>Returns how many views of all looks saw a vertebra.</summary>
    public int Views(int vertebra) => _looks.Sum(look => look[vertebra].Count);

    /// <summary>
    /// Returns the standard deviations of a vertebra's tilt and centre over all views; null with fewer than two.
    /// </summary>
    public (double Degrees, double Pixels)? Spread(int vertebra)
    {
        Vertebra[] views = [.. _looks.SelectMany(look => look[vertebra])];
        if (views.Length < 2)
            return null;
        var (mean, center) = (Tilt(views), Center(views));
        var turned = views.Sum(v => Math.Pow(Difference(Tilt([v]), mean), 2));
        var moved = views.Sum(v => Math.Pow(v.Center.DistanceTo(center), 2));
        return (Math.Sqrt(turned / (views.Length - 1)), Math.Sqrt(moved / (views.Length - 1)));
    }

    /// <summary>
    /// Returns by how much the second look differs from the first, each the mean of its views; null where one of them
    /// did not see the vertebra.
    /// </summary>
    public (double Degrees, double Pixels)? Moved(int vertebra) =>
        _looks.Count >= 2 && _looks[0][vertebra] is { Count: > 0 } first && _looks[1][vertebra] is { Count: > 0 } second
            ? (Difference(Tilt(second), Tilt(first)), Center(second).DistanceTo(Center(first)))
            : null;

    /// <summary>Returns the direction of the mean axis, in degrees, clockwise on the screen.</summary>
    private static double Tilt(IReadOnlyList<Vertebra> views)
    {
        var axis = views.Select(v => v.Axis * (1 / Math.Max(v.Axis.DistanceTo(default), double.Epsilon)))
            .Aggregate((a, b) => a + b);
        return Math.Atan2(axis.Y, axis.X) * 180 / Math.PI;
    }

    private static Point2D Center(IReadOnlyList<Vertebra> views) =>
        views.Select(v => v.Center).Aggregate((a, b) => a + b) * (1.0 / views.Count);

    /// <summary>Returns the smaller angle from one direction to another, -180 to 180 degrees.</summary>
    private static double Difference(double degrees, double from) => Math.IEEERemainder(degrees - from, 360);
}

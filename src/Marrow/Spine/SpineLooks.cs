using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>
/// Where several looks at one film saw its vertebrae, kept to tell how well they agree. Each look begins by
/// <see cref="Begin"/> and adds what its views saw: the image and its mirror image are two views. Places are in the
/// film's pixels.
/// </summary>
internal sealed class SpineLooks
{
    private readonly List<List<(int View, Vertebra Seen)>[]> _looks = []; // looks, vertebrae, views

    /// <summary>How many looks began.</summary>
    public int Count => _looks.Count;

    /// <summary>Begins the next look.</summary>
    public void Begin() =>
        _looks.Add([.. Enumerable.Range(0, Vertebra.Count).Select(_ => new List<(int View, Vertebra Seen)>())]);

    /// <summary>Adds what a view of the current look saw of a vertebra.</summary>
    /// <param name="view">The number of the view within its look.</param>
    /// <param name="vertebra">From the top, 0 to 16.</param>
    public void Add(int view, int vertebra, in Vertebra seen) => _looks[^1][vertebra].Add((view, seen));

    /// <summary>Returns how many views of all looks saw a vertebra.</summary>
    public int Views(int vertebra) => _looks.Sum(look => look[vertebra].Count);

    /// <summary>
    /// Returns the standard deviations of a vertebra's tilt and centre over all views; null with fewer than two.
    /// </summary>
    public (double Degrees, double Pixels)? Spread(int vertebra)
    {
        Vertebra[] views = [.. _looks.SelectMany(look => Seen(look[vertebra]))];
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
            ? (Difference(Tilt(Seen(second)), Tilt(Seen(first))), Center(Seen(second)).DistanceTo(Center(Seen(first))))
            : null;

    /// <summary>Returns the whole spine as each view of one look saw it.</summary>
    /// <param name="look">The number of the look, in the order in which they began.</param>
    /// <param name="fallback">The vertebrae that stand for those which a view did not see.</param>
    public IReadOnlyList<IReadOnlyList<Vertebra>> Spines(int look, IReadOnlyList<Vertebra> fallback)
    {
        var seen = _looks[look];
        var views = seen.SelectMany(vertebra => vertebra.Select(v => v.View)).Distinct().Order();
        return
        [
            .. views.Select(view => (IReadOnlyList<Vertebra>)
            [
                .. fallback.Select((other, n) =>
                    seen[n].FindIndex(v => v.View == view) is >= 0 and var at ? seen[n][at].Seen : other),
            ]),
        ];
    }

    private static Vertebra[] Seen(List<(int View, Vertebra Seen)> views) => [.. views.Select(v => v.Seen)];

    /// <summary>Returns the direction of the mean axis, in degrees, clockwise on the screen.</summary>
    private static double Tilt(IReadOnlyList<Vertebra> views)
    {
        var axis = views.Select(v => v.Axis * (1 / Math.Max(v.Axis.DistanceTo(default), double.Epsilon)))
            .Aggregate((a, b) => a + b);
        return SpinalCurves.TiltDegrees(axis);
    }

    private static Point2D Center(IReadOnlyList<Vertebra> views) =>
        views.Select(v => v.Center).Aggregate((a, b) => a + b) * (1.0 / views.Count);

    /// <summary>Returns the smaller angle from one direction to another, -180 to 180 degrees.</summary>
    private static double Difference(double degrees, double from) => Math.IEEERemainder(degrees - from, 360);
}

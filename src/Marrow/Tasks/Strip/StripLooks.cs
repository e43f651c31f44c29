using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Strip;

/// <summary>What several looks at a spine have seen.</summary>
/// <param name="looks">The corners of all vertebrae in the film's pixels, [looks][4 * vertebrae].</param>
internal sealed class StripLooks(IReadOnlyList<Point2D[]> looks)
{
    private const int Corners = 4;

    /// <summary>The mean of the looks.</summary>
    public IReadOnlyList<Vertebra> Vertebrae { get; } =
    [
        .. Enumerable.Range(0, looks[0].Length / Corners).Select(v => new Vertebra(
            Mean(looks, Corners * v), Mean(looks, Corners * v + 1), Mean(looks, Corners * v + 2),
            Mean(looks, Corners * v + 3))),
    ];

    /// <summary>Adds what every look shows to those that are kept.</summary>
    public void Keep(SpineLooks? kept)
    {
        kept?.Begin();
        foreach (var (view, look) in looks.Index())
        {
            foreach (var (n, points) in look.Chunk(Corners).Index())
                kept?.Add(view, n, new(points[0], points[1], points[2], points[3]));
        }
    }

    private static Point2D Mean(IReadOnlyList<Point2D[]> looks, int k) =>
        looks.Aggregate(default(Point2D), (sum, look) => sum + look[k]) * (1.0 / looks.Count);
}

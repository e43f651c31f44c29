using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>What a spine covers on an image, as polygons whose union counts.</summary>
internal static class SpineAreas
{
    /// <summary>
    /// The vertebral bodies; with discs also what lies between each and the next, so that the spine is one area.
    /// </summary>
    public static IReadOnlyList<IReadOnlyList<Point2D>> Of(IReadOnlyList<Vertebra> vertebrae, bool withDiscs)
    {
        var areas = new List<IReadOnlyList<Point2D>>(
            vertebrae.Select(v => (Point2D[])[v.TopLeft, v.TopRight, v.BottomRight, v.BottomLeft]));
        for (var i = 0; withDiscs && i + 1 < vertebrae.Count; i++)
            areas.Add([
                vertebrae[i].BottomLeft,
                vertebrae[i].BottomRight,
                vertebrae[i + 1].TopRight,
                vertebrae[i + 1].TopLeft,
            ]);
        return areas;
    }
}

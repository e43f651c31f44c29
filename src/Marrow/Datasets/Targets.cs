using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>All labels that a data set has for one image, in original pixels and degrees.</summary>
internal sealed record Targets
{
    /// <summary>The targets of an image of which nothing is known.</summary>
    public static Targets None { get; } = new();

    /// <summary>
    /// The labels, [classes]: 0 to 1 (soft labels are allowed), or NaN for an unknown one, which adds no loss. Empty
    /// for an unlabelled image.
    /// </summary>
    public IReadOnlyList<float> Labels { get; init; } = [];

    /// <summary>The vertebrae, from top to bottom; empty when the image is unlabelled.</summary>
    public IReadOnlyList<Vertebra> Vertebrae { get; init; } = [];

    /// <summary>
    /// The angles cobb1, cobb2 and cobb3 in degrees, as the data set defines them; empty for an unlabelled image.
    /// </summary>
    public IReadOnlyList<double> CobbDegrees { get; init; } = [];

    /// <summary>
    /// The points, in the order of <see cref="Dataset.PointNames"/>. The coordinates of a point without a label are
    /// NaN.
    /// </summary>
    public IReadOnlyList<Point2D> Points { get; init; } = [];

    /// <summary>
    /// For each point the index of the point that takes its place when the image is mirrored: the right knee takes the
    /// left knee's place, and a point on the midline keeps its own. Empty when the data does not say it; such images
    /// can't be mirrored.
    /// </summary>
    public IReadOnlyList<int> MirroredPoints { get; init; } = [];

    /// <summary>
    /// The numbers of a CSV of kind "numbers", in the order of <see cref="Dataset.NumberNames"/>; NaN where a cell is
    /// blank.
    /// </summary>
    public IReadOnlyList<double> Numbers { get; init; } = [];

    /// <summary>
    /// The boxes, whose classes are those of <see cref="Dataset.BoxClasses"/>. Empty when the image is known to have
    /// none, null when nobody has looked.
    /// </summary>
    public IReadOnlyList<LabelledBox>? Boxes { get; init; }

    /// <summary>
    /// The path of a PNG of the image's size whose values are classes (<see cref="Dataset.MaskClasses"/>); null when
    /// there is none.
    /// </summary>
    public string? MaskPath { get; init; }

    /// <summary>
    /// Polygons that replace a mask file. They all have the first class and may overlap; empty when there are none.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Point2D>> MaskAreas { get; init; } = [];

    /// <summary>True when any label is known that some task can learn from.</summary>
    internal bool IsKnown =>
        Labels.Any(l => !float.IsNaN(l))
        || Numbers.Any(v => !double.IsNaN(v))
        || Points.Any(p => !double.IsNaN(p.X))
        || Vertebrae.Count > 0 || CobbDegrees.Count > 0 || Boxes is not null || HasMask;

    /// <summary>True when the class of each pixel is known.</summary>
    internal bool HasMask => MaskPath is not null || MaskAreas.Count > 0;

    /// <summary>Every labelled place, for transforms that must keep all of them in sight.</summary>
    internal IEnumerable<Point2D> Places =>
    [
        .. Vertebrae.SelectMany(v => (Point2D[])[v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight]),
        .. Points.Where(point => !double.IsNaN(point.X)),
        .. (Boxes ?? []).SelectMany(box => box.Corners),
    ];

    /// <summary>
    /// Transforms everything that moves with the image. When the image is mirrored, left and right points swap places.
    /// Masks stay unchanged, since their pixels are transformed when they are rendered.
    /// </summary>
    public Targets Transform(AffineTransform moved)
    {
        var mirrored = moved.A * moved.E - moved.B * moved.D < 0;
        return this with
        {
            Vertebrae = [.. Vertebrae.Select(v => v.Transform(moved))],
            Points = [.. Points.Select((_, k) => moved.Apply(Points[mirrored ? MirroredPoints[k] : k]))],
            Boxes = Boxes is null ? null : [.. Boxes.Select(box => box.Transform(moved))],
        };
    }
}

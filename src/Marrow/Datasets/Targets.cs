using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Datasets;

/// <summary>All that a data set says of one image for a task to learn from, in original pixels and degrees.</summary>
internal sealed record Targets
{
    /// <summary>The targets of which nothing is known.</summary>
    public static Targets None { get; } = new();

    /// <summary>
    /// [classes]: 0 to 1 (soft labels are allowed), or NaN for "unknown: adds no loss". Empty when unlabelled.
    /// </summary>
    public IReadOnlyList<float> Labels { get; init; } = [];

    /// <summary>Top to bottom; empty when unlabelled.</summary>
    public IReadOnlyList<Vertebra> Vertebrae { get; init; } = [];

    /// <summary>cobb1, cobb2, cobb3 in degrees, the data set's definition; empty when unlabelled.</summary>
    public IReadOnlyList<double> CobbDegrees { get; init; } = [];

    /// <summary>[<see cref="Dataset.PointNames"/>]; x and y are NaN where unlabelled.</summary>
    public IReadOnlyList<Point2D> Points { get; init; } = [];

    /// <summary>
    /// [points]: which point stands where each stood once the image is mirrored: the left knee's place is then the
    /// right knee's; a point on the midline keeps its own. Empty where the data does not say; such images can't be
    /// mirrored.
    /// </summary>
    public IReadOnlyList<int> MirroredPoints { get; init; } = [];

    /// <summary>[<see cref="Dataset.NumberNames"/>]: what a CSV of kind "numbers" holds; NaN where blank.</summary>
    public IReadOnlyList<double> Numbers { get; init; } = [];

    /// <summary>
    /// Whatever of <see cref="Dataset.BoxClasses"/> is there; empty where it is known that nothing is, and null where
    /// nobody has looked.
    /// </summary>
    public IReadOnlyList<LabelledBox>? Boxes { get; init; }

    /// <summary>
    /// A PNG of the image's size whose values are classes (<see cref="Dataset.MaskClasses"/>); null without one.
    /// </summary>
    public string? MaskPath { get; init; }

    /// <summary>
    /// In place of a file: polygons that are all of the first class and may overlap; empty without any.
    /// </summary>
    public IReadOnlyList<IReadOnlyList<Point2D>> MaskAreas { get; init; } = [];

    /// <summary>True when anything is known that some task learns from.</summary>
    internal bool IsKnown =>
        Labels.Any(l => !float.IsNaN(l))
        || Numbers.Any(v => !double.IsNaN(v))
        || Points.Any(p => !double.IsNaN(p.X))
        || Vertebrae.Count > 0 || CobbDegrees.Count > 0 || Boxes is not null || HasMask;

    /// <summary>True when it is known which class each pixel is of.</summary>
    internal bool HasMask => MaskPath is not null || MaskAreas.Count > 0;

    /// <summary>Every place that is labelled, for whatever must stay in sight.</summary>
    internal IEnumerable<Point2D> Places =>
    [
        .. Vertebrae.SelectMany(v => (Point2D[])[v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight]),
        .. Points.Where(point => !double.IsNaN(point.X)),
        .. (Boxes ?? []).SelectMany(box => box.Corners),
    ];

    /// <summary>
    /// What moves with the image, moved; where the image is mirrored, the points' sides change places. Masks stay as
    /// they are: their pixels are moved when they are drawn.
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

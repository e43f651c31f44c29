using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>
/// The vertebrae that a detector placed on one image, and the crops about them that another model sees.
/// All in original pixels.
/// </summary>
/// <param name="Width">Of the image.</param>
/// <param name="Height">Of the image.</param>
/// <param name="Vertebrae">17, top to bottom.</param>
/// <param name="Seen">How many of them were seen; the others were placed from their neighbours.</param>
internal sealed record DetectedSpine(int Width, int Height, IReadOnlyList<Vertebra> Vertebrae, int Seen)
    : FirstLook(Width, Height)
{
    private const int NumbersOfOne = 8; // x and y of four corners
    private const double SmallestSide = 4;   // px: a crop of no size has no pixels
    private const double LargestShare = 4;   // of the image's longer side: beyond, the detection is no place on it

    /// <summary>
    /// Whether there is a place to look at: some vertebra was seen and all lie on or about the image.
    /// </summary>
    public override bool IsUsable
    {
        get
        {
            var reach = LargestShare * Math.Max(Width, Height);
            return Seen > 0
                && Vertebrae.All(v =>
                    v.IsFinite() && Corners(v).All(p => Math.Abs(p.X) < reach && Math.Abs(p.Y) < reach));
        }
    }

    /// <summary>
    /// How many were seen, then for each vertebra its top left, top right, bottom left and bottom right corner, each as
    /// x and y in original pixels.
    /// </summary>
    public override IReadOnlyList<double> Numbers =>
        [Seen, .. Vertebrae.SelectMany(Corners).SelectMany(p => (double[])[p.X, p.Y])];

    /// <summary>Returns what <see cref="Numbers"/> was made of; null when the numbers are of something else.</summary>
    public static DetectedSpine? Of(int width, int height, IReadOnlyList<double> numbers) =>
        numbers.Count != 1 + NumbersOfOne * Vertebra.Count ? null : new(
            width,
            height,
            [
                .. numbers.Skip(1).Chunk(NumbersOfOne)
                    .Select(c => new Vertebra(new(c[0], c[1]), new(c[2], c[3]), new(c[4], c[5]), new(c[6], c[7]))),
            ],
            (int)numbers[0]);

    /// <summary>The upright box around all vertebrae, wider by the margin on each side.</summary>
    /// <param name="margin">Of the box's width and height.</param>
    public ImageCrop SpineCrop(double margin)
    {
        var corners = Vertebrae.SelectMany(Corners).ToList();
        var (left, right) = (corners.Min(p => p.X), corners.Max(p => p.X));
        var (top, bottom) = (corners.Min(p => p.Y), corners.Max(p => p.Y));
        return new(
            new Point2D((left + right) / 2, (top + bottom) / 2),
            Widen(right - left, margin),
            Widen(bottom - top, margin));
    }

    /// <summary>
    /// The box around one vertebra, turned until it stands upright. Tilt and size are means with its neighbours', which
    /// are steadier than one vertebra's own.
    /// </summary>
    /// <param name="margin">Of the box's width and height.</param>
    public ImageCrop VertebraCrop(int index, double margin)
    {
        var around = Enumerable
            .Range(index - 1, 3)
            .Where(n => n >= 0 && n < Vertebrae.Count)
            .Select(n => Vertebrae[n])
            .ToList();
        var (x, y) = (around.Sum(v => v.Axis.X / Length(v)), around.Sum(v => v.Axis.Y / Length(v)));
        return new(
            Vertebrae[index].Center,
            Widen(around.Average(Length), margin),
            Widen(around.Average(v => v.UpperMidpoint.DistanceTo(v.LowerMidpoint)), margin),
            Math.Atan2(y, x));

        static double Length(Vertebra v) =>
            Math.Max(Math.Sqrt(v.Axis.X * v.Axis.X + v.Axis.Y * v.Axis.Y), SmallestSide);
    }

    private static double Widen(double side, double margin) => Math.Max(side, SmallestSide) * (1 + 2 * margin);

    private static Point2D[] Corners(Vertebra v) => [v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight];
}

using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>
/// The blades of a collimator: four straight dark borders, together turned a little against the film. Radiographers
/// close them around what they want to see, so blades that are drawn at random are pulled back from the vertebrae of a
/// sample: a model that had to find what no film shows would learn to guess. What is known of an image only as a class,
/// a number or a mask has no place here, and may be hidden.
/// </summary>
/// <param name="ToField">Original pixels to the frame of the blades, which is turned about the image's centre.</param>
/// <param name="Left">
/// Px in that frame, as the others: what lies between left and right, top and bottom is seen.
/// </param>
internal sealed record Collimation(AffineTransform ToField, double Left, double Top, double Right, double Bottom)
{
    /// <summary>
    /// The upper bound of the part of each side that is darkened. Draws stay below it, so that opposite blades never
    /// meet.
    /// </summary>
    public const double MostShare = 0.5;

    private const double LargestTiltDegrees = 3; // as plates and tubes are turned against each other
    private const double MarginShare = 0.02; // of the longer side: half a vertebra's height around the corners

    /// <summary>Draws the collimator's blades; null when they are open. It always draws six random numbers.</summary>
    public static Collimation? Draw(SeededRandom random, AugmentationOptions options, int width, int height)
    {
        var present = random.NextDouble() < options.CollimationProbability;
        var bound = Math.Min(options.Strength * options.Collimation, MostShare);
        var (left, top, right, bottom) = (Share(), Share(), Share(), Share());
        var radians = random.Uniform(-1, 1) * Math.Min(options.Strength, 1) * LargestTiltDegrees * Math.PI / 180;
        if (!present || bound == 0)
            return null;
        var turn = AffineTransform.Rotate(radians).About(new(width / 2.0, height / 2.0));
        return new(turn, left * width, top * height, width - right * width, height - bottom * height);

        double Share() => bound * random.NextDouble();
    }

    /// <summary>
    /// Returns the same blades, pulled back until these points (in original pixels) are visible with some space around
    /// them.
    /// </summary>
    public Collimation Sparing(IEnumerable<Point2D> points, int width, int height)
    {
        var margin = MarginShare * Math.Max(width, height);
        var (left, top, right, bottom) = (Left, Top, Right, Bottom);
        foreach (var point in points)
        {
            var p = ToField.Apply(point);
            (left, right) = (Math.Min(left, p.X - margin), Math.Max(right, p.X + margin));
            (top, bottom) = (Math.Min(top, p.Y - margin), Math.Max(bottom, p.Y + margin));
        }
        return this with { Left = left, Top = top, Right = right, Bottom = bottom };
    }

    /// <summary>Draws the blades onto an image.</summary>
    /// <param name="toInput">
    /// The transform from original pixels to the image's pixels, including the augmentation.
    /// </param>
    /// <param name="image">The image, [height * width].</param>
    public void Darken(Span<float> image, int width, int height, AffineTransform toInput, float black)
    {
        var toField = toInput.Invert().Then(ToField);
        for (var y = 0; y < height; y++)
        {
            var start = toField.Apply(new Point2D(0.5, y + 0.5));
            var (from, to) = (0, width);
            Clip(start.X, toField.A, Left, Right, ref from, ref to);
            Clip(start.Y, toField.D, Top, Bottom, ref from, ref to);
            var row = image.Slice(y * width, width);
            row[..from].Fill(black);
            row[Math.Max(from, to)..].Fill(black);
        }
    }

    /// <summary>Narrows the range from..to to those x for which low &lt;= start + x * step &lt;= high.</summary>
    private static void Clip(double start, double step, double low, double high, ref int from, ref int to)
    {
        if (Math.Abs(step) < 1e-12)
        {
            if (start < low || start > high)
                to = from;
            return;
        }
        var (first, last) = ((low - start) / step, (high - start) / step);
        if (first > last)
            (first, last) = (last, first);
        from = (int)Math.Clamp(Math.Ceiling(first), from, to);
        to = (int)Math.Clamp(Math.Floor(last) + 1, from, to);
    }
}

using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Inputs;

/// <summary>
/// Rods and screws along a part of a spine, which are drawn onto training images. After surgery metal is what stands
/// out most on a film, and the vertebrae behind it are faint. Such films are few in every data set, and a model that
/// has seen few of them follows the rods. What is drawn lies beside the vertebrae, straighter than they, and labels
/// stay as they are.
/// </summary>
internal sealed class Implants
{
    private const int LeastVertebrae = 5;      // that a rod spans
    private const double BothSides = 0.85;     // of the films with rods: one on each side
    private const double ScrewProbability = 0.75;
    private const double MostStraightening = 0.7, MostDrift = 0.25;
    private const double MostScrewDegrees = 20;

    private readonly List<Bar> _bars = [];

    private Implants()
    {
    }

    /// <summary>A bar with round ends; <paramref name="Grey"/> is 0 to 1.</summary>
    private readonly record struct Bar(Point2D From, Point2D To, double Radius, double Grey);

    /// <summary>Draws rods and screws; null for a spine that is too short for them.</summary>
    /// <param name="vertebrae">Top to bottom. What is drawn has their coordinates.</param>
    public static Implants? Along(IReadOnlyList<Vertebra> vertebrae, SeededRandom random)
    {
        if (vertebrae.Count < LeastVertebrae)
            return null;
        var count = LeastVertebrae + random.Next(vertebrae.Count - LeastVertebrae + 1);
        var first = random.Next(vertebrae.Count - count + 1);
        Vertebra[] part = [.. vertebrae.Skip(first).Take(count)];
        var straightening = random.Uniform(0, MostStraightening);
        var grey = random.Uniform(0.8, 1);
        var implants = new Implants();
        var only = random.NextDouble() < BothSides ? 0 : random.Next(2) * 2 - 1;
        foreach (var side in (int[])[-1, 1])
        {
            if (only == 0 || only == side)
                implants.Add(part, side, straightening, grey, random);
        }
        return implants;
    }

    private void Add(Vertebra[] part, int side, double straightening, double grey, SeededRandom random)
    {
        // In shares of half a vertebra's width.
        var (offset, drift) = (random.Uniform(0.35, 0.95), random.Uniform(-MostDrift, MostDrift));
        var radius = random.Uniform(0.07, 0.14);
        var (top, bottom) = (part[0].Center, part[^1].Center);
        Point2D? before = null;
        foreach (var (i, vertebra) in part.Index())
        {
            var share = (double)i / (part.Length - 1);
            var straight = top + (bottom - top) * share;
            var across = vertebra.Axis * (0.5 * side);
            var width = across.DistanceTo(default);
            var at = vertebra.Center + (straight - vertebra.Center) * straightening
                + across * (offset + drift * (2 * share - 1));
            if (before is { } upper)
                _bars.Add(new(upper, at, radius * width, grey));
            before = at;
            if (random.NextDouble() >= ScrewProbability)
                continue;
            var turn = AffineTransform.Rotate(random.Uniform(-1, 1) * MostScrewDegrees * Math.PI / 180);
            var tip = at - turn.Apply(across * random.Uniform(0.3, 0.9));
            _bars.Add(new(at, tip, radius * width * random.Uniform(0.6, 1), grey));
            _bars.Add(new(at, at, radius * width * random.Uniform(1.5, 2.5), grey)); // the screw's head
        }
    }

    /// <summary>Draws the metal onto an image. Nothing becomes darker.</summary>
    /// <param name="image">The image, [height * width].</param>
    /// <param name="toImage">The transform from the vertebrae's coordinates to the image's pixels.</param>
    public void Paint(Span<float> image, int width, int height, AffineTransform toImage, float black, float white)
    {
        var scale = Math.Sqrt(Math.Abs(toImage.A * toImage.E - toImage.B * toImage.D));
        foreach (var bar in _bars)
        {
            var (from, to, radius) = (toImage.Apply(bar.From), toImage.Apply(bar.To), bar.Radius * scale);
            var value = black + (float)bar.Grey * (white - black);
            var (left, right) = Range(from.X, to.X, width);
            var (top, bottom) = Range(from.Y, to.Y, height);
            for (var y = top; y < bottom; y++)
            {
                var row = image.Slice(y * width, width);
                for (var x = left; x < right; x++)
                {
                    // A pixel at the edge is covered in part.
                    var cover = radius + 0.5 - Distance(new(x + 0.5, y + 0.5), from, to);
                    if (cover > 0 && row[x] < value)
                        row[x] += (value - row[x]) * (float)Math.Min(cover, 1);
                }
            }

            (int First, int End) Range(double a, double b, int size) => (
                (int)Math.Clamp(Math.Floor(Math.Min(a, b) - radius - 1), 0, size),
                (int)Math.Clamp(Math.Ceiling(Math.Max(a, b) + radius + 1), 0, size));
        }
    }

    /// <summary>The distance of a point from a line segment.</summary>
    private static double Distance(Point2D point, Point2D from, Point2D to)
    {
        var (along, off) = (to - from, point - from);
        var length = along.X * along.X + along.Y * along.Y;
        var share = length == 0 ? 0 : Math.Clamp((off.X * along.X + off.Y * along.Y) / length, 0, 1);
        return point.DistanceTo(from + along * share);
    }
}

using Marrow.Imaging;

namespace Marrow.Spine;

/// <summary>One fault in a list of vertebrae.</summary>
/// <param name="Kind">"rolled-points", "out-of-order", "swapped-corners" or "overlapping-vertebrae".</param>
/// <param name="Vertebra">The first index it concerns, in the list as given; 0 is the top one.</param>
/// <param name="Repairable">False where no new order of the same points could be right.</param>
internal sealed record VertebraFault(string Kind, int Vertebra, string Detail, bool Repairable);

/// <summary>Vertebrae top to bottom with their corners in order, and what had to be changed for that.</summary>
internal sealed record OrderedVertebrae
{
    public required IReadOnlyList<Vertebra> Vertebrae { get; init; }

    /// <summary>What was wrong in the list as given; empty when it was right.</summary>
    public required IReadOnlyList<VertebraFault> Faults { get; init; }

    /// <summary>False when a fault remains in <see cref="Vertebrae"/>.</summary>
    public bool IsSound => Faults.All(f => f.Repairable);
}

/// <summary>
/// Puts vertebrae in order along the spine and their corners in the order TL, TR, BL, BR, and says what was wrong:
/// labels in the wild list the top vertebra last, swap neighbours, swap corners, or mark one vertebra twice.
/// Position along the spine is the projection on the main axis of the centres, read downwards.
/// </summary>
internal static class VertebraOrder
{
    // Neighbours' centres nearer than this share of the median distance cannot be two vertebrae: in SpineWeb 16 sound
    // spines stay above 0.5.
    private const double LeastSpacing = 0.3;

    /// <summary>
    /// Faults and their repair. Fewer than two vertebrae are returned as they are. Throws
    /// <see cref="ArgumentException"/> for NaN.
    /// </summary>
    public static OrderedVertebrae Repair(IReadOnlyList<Vertebra> vertebrae)
    {
        for (var i = 0; i < vertebrae.Count; i++)
        {
            if (!vertebrae[i].IsFinite())
                throw new ArgumentException(
                    $"Vertebra {i} (0 = the top one) has a corner that is no finite number.",
                    nameof(vertebrae));
        }
        if (vertebrae.Count < 2)
            return new() { Vertebrae = vertebrae, Faults = [] };

        var faults = new List<VertebraFault>();
        var order = OrderAlongSpine(vertebrae);
        if (OrderFault(order) is { } fault)
            faults.Add(fault);

        var sorted = order.Select(i => vertebrae[i]).ToArray();
        var spacing = sorted.Zip(sorted.Skip(1), (upper, lower) => upper.Center.DistanceTo(lower.Center)).ToArray();
        var medianSpacing = spacing.Order().ElementAt(spacing.Length / 2);
        for (var i = 0; i < spacing.Length; i++)
        {
            if (spacing[i] < LeastSpacing * medianSpacing || medianSpacing == 0)
                faults.Add(
                    new(
                        "overlapping-vertebrae",
                        Math.Min(order[i], order[i + 1]),
                        $"vertebrae {order[i]} and {order[i + 1]} lie {spacing[i]:F1} px apart, the median is "
                            + $"{medianSpacing:F1} px",
                        false));
        }

        var repaired = new Vertebra[sorted.Length];
        for (var i = 0; i < sorted.Length; i++)
        {
            var down = sorted[Math.Min(i + 1, sorted.Length - 1)].Center - sorted[Math.Max(i - 1, 0)].Center;
            repaired[i] = IsUpright(sorted[i], down) ? sorted[i] : OrderCorners(sorted[i], down);
            if (repaired[i] == sorted[i])
                continue;
            faults.Add(
                new(
                    "swapped-corners",
                    order[i],
                    $"the corners of vertebra {order[i]} are not in the order TL, TR, BL, BR",
                    IsUpright(repaired[i], down)));
        }
        return new() { Vertebrae = repaired, Faults = faults };
    }

    /// <summary>The vertebrae from top to bottom.</summary>
    public static IReadOnlyList<Vertebra> Sort(IReadOnlyList<Vertebra> vertebrae) =>
        [.. OrderAlongSpine(vertebrae).Select(i => vertebrae[i])];

    /// <summary>The indices of the vertebrae from top to bottom.</summary>
    private static int[] OrderAlongSpine(IReadOnlyList<Vertebra> vertebrae)
    {
        var axis = MainAxis(vertebrae);
        return [.. Enumerable.Range(0, vertebrae.Count).OrderBy(i => Dot(vertebrae[i].Center, axis)).ThenBy(i => i)];
    }

    /// <summary>The direction of the largest spread of the centres, pointing down.</summary>
    private static Point2D MainAxis(IReadOnlyList<Vertebra> vertebrae)
    {
        var mean =
            vertebrae.Aggregate(default(Point2D), (sum, v) => sum + v.Center) * (1.0 / Math.Max(1, vertebrae.Count));
        var (xx, xy, yy) = (0.0, 0.0, 0.0);
        foreach (var vertebra in vertebrae)
        {
            var d = vertebra.Center - mean;
            (xx, xy, yy) = (xx + d.X * d.X, xy + d.X * d.Y, yy + d.Y * d.Y);
        }
        var angle = 0.5 * Math.Atan2(2 * xy, xx - yy);
        var (sin, cos) = Math.SinCos(angle);
        return sin < 0 ? new(-cos, -sin) : new(cos, sin);
    }

    private static VertebraFault? OrderFault(int[] order)
    {
        var moved = Array.FindIndex(order.Select((index, position) => index - position).ToArray(), shift => shift != 0);
        if (moved < 0)
            return null;
        var roll = order[0];
        var rolled = order.Select((index, position) => index == (position + roll) % order.Length).All(same => same);
        return rolled
            ? new(
                "rolled-points",
                roll,
                $"the list starts {order.Length - roll} below the top: vertebra {roll} of the list is the top one",
                true)
            : new("out-of-order", moved, $"from top to bottom the list would read {string.Join(' ', order)}", true);
    }

    /// <summary>
    /// Left of right on both end plates and upper above lower on both sides, seen along <paramref name="down"/>.
    /// </summary>
    private static bool IsUpright(Vertebra v, Point2D down)
    {
        var across = Across(down);
        return Dot(v.TopRight - v.TopLeft, across) > 0 && Dot(v.BottomRight - v.BottomLeft, across) > 0
            && Dot(v.BottomLeft - v.TopLeft, down) > 0 && Dot(v.BottomRight - v.TopRight, down) > 0;
    }

    private static Vertebra OrderCorners(Vertebra v, Point2D down)
    {
        var across = Across(down);
        var corners = new[] { v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight }.OrderBy(p => Dot(p, down)).ToArray();
        var top = corners[..2].OrderBy(p => Dot(p, across)).ToArray();
        var bottom = corners[2..].OrderBy(p => Dot(p, across)).ToArray();
        return new(top[0], top[1], bottom[0], bottom[1]);
    }

    /// <summary>To the image's right when <paramref name="down"/> points down.</summary>
    private static Point2D Across(Point2D down) => new(down.Y, -down.X);

    private static double Dot(Point2D a, Point2D b) => a.X * b.X + a.Y * b.Y;
}

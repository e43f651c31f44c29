// The most likely spine among detections, by dynamic programming over (detection, index in the spine): a detection earns
// its score; a step from one to the next costs what its length, its direction and the change of width are worth under
// what real spines show; so does each vertebra left out. Strays earn less than the odd steps to them cost; what is
// missing is filled in from the neighbours. The constants were measured on the labels of SpineWeb 16 (453 images with
// ordered landmarks, 224 x 640) and widened for the errors of a detector.

using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Vertebrae;

internal static class SpineChain
{
    private const int Count = Vertebra.Count;
    private const int MostDetections = 80;
    private const int LongestStep = 4; // up to 3 vertebrae missing in a row

    private const double TypicalSpacing = 1.37; // centre to centre over height; median, 1.1 to 2.1 for 98 %
    private const double FilmSpacing = 0.0378, FilmSpacingGrowth = 0.0398; // of the image's height, and per height downwards; spread of ln 0.12
    private const double SpacingSpread = 0.18;  // of ln; measured 0.08 within an image
    private const double DirectionSpreadDegrees = 9; // step against the vertebrae's normals; measured 5
    private const double WidthSpread = 0.15;    // of ln; measured 0.08
    private const double WorstStep = 25;
    private const double MissingInside = 3, MissingAtEnd = 1.5, OutsideImage = 3;
    private const double NeutralScore = 0.05;   // RetinaNet's test threshold: below it a detection is rather not there
    private const double LeastReward = -2, MostReward = 4;

    // Share of the height at which the first and the last vertebra's centres stand on a whole-spine radiograph; it
    // decides at which end a vertebra is missing where nothing else does.
    private const double FirstY = 0.045, LastY = 0.905, EndSpread = 0.03, EndMost = 2;

    private readonly record struct Node(Vertebra Vertebra, double Score, Point2D Center, Point2D Down, double Width, double Height)
    {
        public static Node Of(Detection d)
        {
            var v = d.Vertebra;
            var axis = v.Axis;
            var width = Length(axis);
            var height = (v.TopLeft.DistanceTo(v.BottomLeft) + v.TopRight.DistanceTo(v.BottomRight)) / 2;
            return new(v, d.Score, v.Center, new Point2D(-axis.Y / width, axis.X / width), width, height);
        }
    }

    /// <summary>Always 17 vertebrae: without any detection a straight spine in the middle, with confidence 0.</summary>
    public static SpinePrediction Find(IReadOnlyList<Detection> detections, int width, int height)
    {
        var nodes = detections.OrderByDescending(d => d.Score).Take(MostDetections).Select(Node.Of).OrderBy(n => n.Center.Y).ToArray();
        if (nodes.Length == 0)
            return Complete([], 0, width, height);
        return Best(nodes, [.. nodes.Select(n => Spacing(n, height))], width, height);
    }

    /// <summary>
    /// How far off a vertebra's neighbours are expected, px: by its own height and by its place on a film that shows the
    /// whole spine, equally. Distances between detections say less: before a detector has learnt well it sees some
    /// vertebrae twice, and a chain squeezed through those would earn the most.
    /// </summary>
    private static double Spacing(in Node node, int imageHeight) =>
        Math.Sqrt(TypicalSpacing * node.Height * (FilmSpacing + FilmSpacingGrowth * node.Center.Y / imageHeight) * imageHeight);

    /// <param name="spacings">[nodes]: see <see cref="Spacing"/>.</param>
    private static SpinePrediction Best(Node[] nodes, double[] spacings, int width, int height)
    {
        var steps = StepCosts(nodes, spacings);

        // best[j, n]: of all chains that end in detection j as vertebra n.
        var best = new double[nodes.Length, Count];
        var from = new (int Node, int Index)[nodes.Length, Count];
        for (var j = 0; j < nodes.Length; j++)
        {
            var reward = Reward(nodes[j].Score);
            for (var n = 0; n < Count; n++)
            {
                best[j, n] = reward - EndCost(nodes[j], spacings[j], top: true, n, width, height);
                from[j, n] = (-1, -1);
            }
            for (var i = 0; i < j; i++)
            {
                for (var k = 1; k <= LongestStep; k++)
                {
                    var cost = steps[i, j, k - 1] + (k - 1) * MissingInside;
                    if (cost > WorstStep)
                        continue;
                    for (var n = k; n < Count; n++)
                    {
                        var value = best[i, n - k] + reward - cost;
                        if (value > best[j, n])
                            (best[j, n], from[j, n]) = (value, (i, n - k));
                    }
                }
            }
        }

        var (last, lastIndex, highest) = (0, 0, double.NegativeInfinity);
        for (var j = 0; j < nodes.Length; j++)
        {
            for (var n = 0; n < Count; n++)
            {
                var value = best[j, n] - EndCost(nodes[j], spacings[j], top: false, Count - 1 - n, width, height);
                if (value > highest)
                    (last, lastIndex, highest) = (j, n, value);
            }
        }

        var chain = new SortedDictionary<int, Node>();
        var oddness = 0.0;
        for (var (j, n) = (last, lastIndex); j >= 0; (j, n) = from[j, n])
        {
            chain[n] = nodes[j];
            var (above, index) = from[j, n];
            if (above >= 0)
                oddness += steps[above, j, n - index - 1];
        }
        return Complete(chain, chain.Count > 1 ? oddness / (chain.Count - 1) : 0, width, height);
    }

    private static double Reward(double score)
    {
        static double Logit(double p) => Math.Log(p / (1 - p));
        return Math.Clamp(Logit(Math.Clamp(score, 1e-6, 1 - 1e-6)) - Logit(NeutralScore), LeastReward, MostReward);
    }

    /// <summary>[i, j, k - 1]: how odd it is that j follows i as the k-th vertebra below it; negative log-likelihood.</summary>
    private static double[,,] StepCosts(Node[] nodes, double[] spacings)
    {
        var costs = new double[nodes.Length, nodes.Length, LongestStep];
        for (var i = 0; i < nodes.Length; i++)
        {
            for (var j = i + 1; j < nodes.Length; j++)
            {
                var (a, b) = (nodes[i], nodes[j]);
                var step = b.Center - a.Center;
                var down = a.Down + b.Down;
                var off = Math.Atan2(Math.Abs(Cross(step, down)), Dot(step, down)) * 180 / Math.PI / DirectionSpreadDegrees;
                var wider = Math.Log(b.Width / a.Width) / WidthSpread;
                for (var k = 1; k <= LongestStep; k++)
                {
                    var length = Math.Log(Length(step) / (k * (spacings[i] + spacings[j]) / 2)) / SpacingSpread;
                    costs[i, j, k - 1] = 0.5 * (length * length + (off * off + wider * wider) / k);
                }
            }
        }
        return costs;
    }

    /// <summary>Of the vertebrae missing beyond the top or the bottom of a chain, and of where its end would then be.</summary>
    private static double EndCost(in Node end, double spacing, bool top, int missing, int width, int height)
    {
        var cost = 0.0;
        var center = end.Center;
        for (var m = 1; m <= missing; m++)
        {
            center += end.Down * ((top ? -1 : 1) * spacing);
            cost += MissingAtEnd + (center.Y < 0 || center.Y > height || center.X < 0 || center.X > width ? OutsideImage : 0);
        }
        var away = (center.Y / height - (top ? FirstY : LastY)) / EndSpread;
        return cost + Math.Min(0.5 * away * away, EndMost);
    }

    /// <summary>Fills what is missing and rates the whole.</summary>
    private static SpinePrediction Complete(SortedDictionary<int, Node> chain, double oddness, int width, int height)
    {
        var vertebrae = new Vertebra[Count];
        if (chain.Count == 0)
        {
            var (step, half) = ((LastY - FirstY) * height / (Count - 1), new Point2D(0.08 * width, 0.018 * height));
            for (var n = 0; n < Count; n++)
            {
                var center = new Point2D(width / 2.0, FirstY * height + n * step);
                vertebrae[n] = new(center - half, center + new Point2D(half.X, -half.Y), center + new Point2D(-half.X, half.Y), center + half);
            }
        }
        else
        {
            var known = chain.Keys.ToArray();
            for (var n = 0; n < Count; n++)
            {
                var after = Array.FindIndex(known, k => k >= n);
                vertebrae[n] = chain.TryGetValue(n, out var node) ? node.Vertebra
                    : after <= 0 ? Extend(chain, known, n)
                    : Interpolate(chain, known, after, n);
            }
        }
        var scores = Enumerable.Range(0, Count).Select(n => chain.TryGetValue(n, out var node) ? node.Score : 0).ToArray();
        return new SpinePrediction
        {
            Vertebrae = vertebrae,
            Scores = scores,
            Filled = [.. Enumerable.Range(0, Count).Select(n => !chain.ContainsKey(n))],
            Confidence = Math.Clamp(scores.Average() * Math.Exp(-oddness / 8), 0, 1), // a usual step costs about 0.5
        };
    }

    /// <summary>Beyond the ends: the end's own shape, moved on by the mean of the last steps.</summary>
    private static Vertebra Extend(SortedDictionary<int, Node> chain, int[] known, int index)
    {
        const int looked = 3; // indices over which the step is averaged
        var top = index < known[0];
        var end = top ? known[0] : known[^1];
        var inner = top ? known.Last(k => k <= Math.Max(end + looked, known[Math.Min(1, known.Length - 1)]))
            : known.First(k => k >= Math.Min(end - looked, known[Math.Max(known.Length - 2, 0)]));
        var node = chain[end];
        var step = inner == end ? node.Down * (TypicalSpacing * node.Height)
            : (chain[inner].Center - node.Center) * (1.0 / (inner - end));
        return node.Vertebra.Transform(AffineTransform.Translate(step.X * (index - end), step.Y * (index - end)));
    }

    /// <summary>Between two known ones: each corner on the cubic that passes both with their neighbours' slopes (Catmull-Rom).</summary>
    private static Vertebra Interpolate(SortedDictionary<int, Node> chain, int[] known, int after, int index)
    {
        var (k0, k1, k2, k3) = (known[Math.Max(after - 2, 0)], known[after - 1], known[after], known[Math.Min(after + 1, known.Length - 1)]);
        var span = (double)(k2 - k1);
        var t = (index - k1) / span;

        Point2D At(Func<Vertebra, Point2D> corner)
        {
            var (p0, p1, p2, p3) = (corner(chain[k0].Vertebra), corner(chain[k1].Vertebra), corner(chain[k2].Vertebra), corner(chain[k3].Vertebra));
            var slope1 = (p2 - p0) * (span / (k2 - k0));
            var slope2 = (p3 - p1) * (span / (k3 - k1));
            return p1 * ((1 + 2 * t) * (1 - t) * (1 - t)) + slope1 * (t * (1 - t) * (1 - t))
                + p2 * (t * t * (3 - 2 * t)) + slope2 * (t * t * (t - 1));
        }

        return new(At(v => v.TopLeft), At(v => v.TopRight), At(v => v.BottomLeft), At(v => v.BottomRight));
    }

    private static double Length(Point2D p) => Math.Sqrt(p.X * p.X + p.Y * p.Y);
    private static double Dot(Point2D a, Point2D b) => a.X * b.X + a.Y * b.Y;
    private static double Cross(Point2D a, Point2D b) => a.X * b.Y - a.Y * b.X;
}

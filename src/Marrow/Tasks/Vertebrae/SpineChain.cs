// The most likely spine among detections, by dynamic programming over (detection, index in the spine): a detection
// earns its score; a step from one to the next costs what its length, its direction and the change of width are worth
// under what real spines show; so does each vertebra left out. Strays earn less than the odd steps to them cost; what
// is missing is filled in from the neighbours. What real spines show stands in the checkpoint's decoding contract.

using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Vertebrae;

/// <param name="width">The width of the input in pixels.</param>
/// <param name="height">The height of the input in pixels.</param>
internal sealed class SpineChain(ChainDecoding shape, int width, int height)
{
    private const int Count = Vertebra.Count;

    // What is drawn where nothing was seen, of the film's width and height: a place to look again, not a finding.
    private const double DrawnHalfWidth = 0.08, DrawnHalfHeight = 0.018;

    private readonly record struct Node(
        Vertebra Vertebra,
        double Score,
        Point2D Center,
        Point2D Down,
        double Width,
        double Height)
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

    /// <summary>
    /// Returns a spine, always of 17 vertebrae. Without any detection it is a straight spine in the middle of the
    /// image, with confidence 0.
    /// </summary>
    public SpinePrediction Find(IReadOnlyList<Detection> detections)
    {
        var nodes = detections.OrderByDescending(d => d.Score).Take(shape.MostDetections)
            .Select(Node.Of).OrderBy(n => n.Center.Y).ToArray();
        if (nodes.Length == 0)
            return Complete([], 0);
        return Best(nodes, [.. nodes.Select(n => Spacing(n))]);
    }

    /// <summary>
    /// Returns the expected distance of a vertebra's neighbours in pixels: the mean of what its own height suggests and
    /// what its place on a whole-spine film suggests. Distances between detections tell less, since a detector that has
    /// not learnt well yet sees some vertebrae twice, and a chain squeezed through those would earn the most.
    /// </summary>
    private double Spacing(in Node node)
    {
        var byPlace = shape.FilmSpacingShare + shape.FilmSpacingGrowthShare * node.Center.Y / height; // of the height
        return Math.Sqrt(shape.SpacingPerHeight * node.Height * byPlace * height);
    }

    /// <param name="spacings">
    /// The expected distance of each node's neighbours, [nodes]; see <see cref="Spacing"/>.
    /// </param>
    private SpinePrediction Best(Node[] nodes, double[] spacings)
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
                best[j, n] = reward - EndCost(nodes[j], spacings[j], top: true, n);
                from[j, n] = (-1, -1);
            }
            for (var i = 0; i < j; i++)
            {
                for (var k = 1; k <= shape.LongestStepVertebrae; k++)
                {
                    var cost = steps[i, j, k - 1] + (k - 1) * shape.MissingInsideCost;
                    if (cost > shape.WorstStepCost)
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
                var value = best[j, n] - EndCost(nodes[j], spacings[j], top: false, Count - 1 - n);
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
        return Complete(chain, chain.Count > 1 ? oddness / (chain.Count - 1) : 0);
    }

    private double Reward(double score)
    {
        static double Logit(double p) => Math.Log(p / (1 - p));
        var reward = Logit(Math.Clamp(score, 1e-6, 1 - 1e-6)) - Logit(shape.NeutralScore);
        return Math.Clamp(reward, shape.LeastReward, shape.MostReward);
    }

    /// <summary>
    /// Returns the costs [i, j, k - 1] of node j as the k-th vertebra below node i, as negative log-likelihoods.
    /// </summary>
    private double[,,] StepCosts(Node[] nodes, double[] spacings)
    {
        var costs = new double[nodes.Length, nodes.Length, shape.LongestStepVertebrae];
        for (var i = 0; i < nodes.Length; i++)
        {
            for (var j = i + 1; j < nodes.Length; j++)
            {
                var (a, b) = (nodes[i], nodes[j]);
                var step = b.Center - a.Center;
                var down = a.Down + b.Down;
                var degrees = Math.Atan2(Math.Abs(Cross(step, down)), Dot(step, down)) * 180 / Math.PI;
                var off = degrees / shape.DirectionSpreadDegrees;
                var wider = Math.Log(b.Width / a.Width) / shape.WidthLnSpread;
                for (var k = 1; k <= shape.LongestStepVertebrae; k++)
                {
                    var length = Math.Log(Length(step) / (k * (spacings[i] + spacings[j]) / 2)) / shape.SpacingLnSpread;
                    costs[i, j, k - 1] = 0.5 * (length * length + (off * off + wider * wider) / k);
                }
            }
        }
        return costs;
    }

    /// <summary>
    /// Returns the cost of the vertebrae that are missing beyond the top or the bottom of a chain, and of the place
    /// where its end would then be.
    /// </summary>
    private double EndCost(in Node end, double spacing, bool top, int missing)
    {
        var cost = 0.0;
        var center = end.Center;
        for (var m = 1; m <= missing; m++)
        {
            center += end.Down * ((top ? -1 : 1) * spacing);
            var isOutside = center.Y < 0 || center.Y > height || center.X < 0 || center.X > width;
            cost += shape.MissingAtEndCost + (isOutside ? shape.OutsideImageCost : 0);
        }
        var away = (center.Y / height - (top ? shape.FirstCenterShare : shape.LastCenterShare)) / shape.EndSpreadShare;
        return cost + Math.Min(0.5 * away * away, shape.MostEndCost);
    }

    /// <summary>Fills in the missing vertebrae and rates the whole spine.</summary>
    private SpinePrediction Complete(SortedDictionary<int, Node> chain, double oddness)
    {
        var vertebrae = new Vertebra[Count];
        if (chain.Count == 0)
        {
            var step = (shape.LastCenterShare - shape.FirstCenterShare) * height / (Count - 1);
            var half = new Point2D(DrawnHalfWidth * width, DrawnHalfHeight * height);
            for (var n = 0; n < Count; n++)
            {
                var center = new Point2D(width / 2.0, shape.FirstCenterShare * height + n * step);
                vertebrae[n] = new(
                    center - half,
                    center + new Point2D(half.X, -half.Y),
                    center + new Point2D(-half.X, half.Y),
                    center + half);
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
        var scores = Enumerable
            .Range(0, Count)
            .Select(n => chain.TryGetValue(n, out var node) ? node.Score : 0)
            .ToArray();
        return new SpinePrediction
        {
            Vertebrae = vertebrae,
            Scores = scores,
            Filled = [.. Enumerable.Range(0, Count).Select(n => !chain.ContainsKey(n))],
            Confidence = Math.Clamp(scores.Average() * Math.Exp(-oddness / shape.DoubtfulStepCost), 0, 1),
        };
    }

    /// <summary>
    /// Returns a vertebra beyond an end of the chain: the end's own shape, moved on by the mean of the last steps.
    /// </summary>
    private Vertebra Extend(SortedDictionary<int, Node> chain, int[] known, int index)
    {
        var looked = shape.ExtendedOverVertebrae;
        var top = index < known[0];
        var end = top ? known[0] : known[^1];
        var inner = top ? known.Last(k => k <= Math.Max(end + looked, known[Math.Min(1, known.Length - 1)]))
            : known.First(k => k >= Math.Min(end - looked, known[Math.Max(known.Length - 2, 0)]));
        var node = chain[end];
        var step = inner == end ? node.Down * (shape.SpacingPerHeight * node.Height)
            : (chain[inner].Center - node.Center) * (1.0 / (inner - end));
        return node.Vertebra.Transform(AffineTransform.Translate(step.X * (index - end), step.Y * (index - end)));
    }

    /// <summary>
    /// Returns a vertebra between two known ones. Each corner lies on the cubic through both with the slopes of their
    /// neighbours (Catmull-Rom).
    /// </summary>
    private static Vertebra Interpolate(SortedDictionary<int, Node> chain, int[] known, int after, int index)
    {
        var (k0, k1, k2, k3) = (
            known[Math.Max(after - 2, 0)],
            known[after - 1],
            known[after],
            known[Math.Min(after + 1, known.Length - 1)]);
        var span = (double)(k2 - k1);
        var t = (index - k1) / span;

        Point2D At(Func<Vertebra, Point2D> corner)
        {
            var (p0, p1, p2, p3) = (
                corner(chain[k0].Vertebra),
                corner(chain[k1].Vertebra),
                corner(chain[k2].Vertebra),
                corner(chain[k3].Vertebra));
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

namespace Marrow.Training.Ranking;

/// <summary>
/// Minimises a smooth convex function (limited-memory BFGS; Nocedal and Wright 2006, algorithms 7.4 and 7.5) with a
/// backtracking line search.
/// </summary>
internal static class Lbfgs
{
    private const int Pairs = 12;
    private const double SufficientDecrease = 1e-4; // Nocedal and Wright, section 3.1
    private const int MostHalvings = 40;

    /// <summary>Writes the gradient at a point, and returns the value there.</summary>
    public delegate double Objective(double[] point, double[] gradient);

    /// <summary>
    /// Minimises from <paramref name="point"/>, which is changed, until no component of the gradient is larger than
    /// <paramref name="tolerance"/>.
    /// </summary>
    public static void Minimise(double[] point, Objective objective, double tolerance, int mostIterations)
    {
        var history = new LinkedList<(double[] Step, double[] Change, double Product)>();
        var gradient = new double[point.Length];
        var value = objective(point, gradient);
        for (var iteration = 0; iteration < mostIterations && gradient.Max(Math.Abs) > tolerance; iteration++)
        {
            var direction = Direction(gradient, history);
            var slope = Dot(direction, gradient);
            if (slope >= 0)
            {
                history.Clear();
                direction = [.. gradient.Select(g => -g)];
                slope = -Dot(gradient, gradient);
            }
            var length = history.Count == 0 ? Math.Min(1, 1 / Math.Sqrt(-slope)) : 1;
            var (next, nextGradient) = (new double[point.Length], new double[point.Length]);
            double nextValue = 0;
            var halvings = 0;
            for (; halvings < MostHalvings; halvings++, length /= 2)
            {
                for (var i = 0; i < point.Length; i++)
                    next[i] = point[i] + length * direction[i];
                nextValue = objective(next, nextGradient);
                if (nextValue <= value + SufficientDecrease * length * slope)
                    break;
            }
            if (halvings == MostHalvings)
                return; // as low as rounding lets it
            double[] step = [.. next.Zip(point, (n, p) => n - p)],
                change = [.. nextGradient.Zip(gradient, (n, g) => n - g)];
            var product = Dot(step, change);
            if (product > 1e-12 * Dot(change, change))
            {
                history.AddLast((step, change, product));
                if (history.Count > Pairs)
                    history.RemoveFirst();
            }
            next.CopyTo(point, 0);
            (gradient, value) = (nextGradient, nextValue);
        }
    }

    private static double[] Direction(
        double[] gradient,
        LinkedList<(double[] Step, double[] Change, double Product)> history)
    {
        double[] q = [.. gradient.Select(g => -g)];
        var shares = new Stack<double>();
        for (var pair = history.Last; pair is not null; pair = pair.Previous)
        {
            var share = Dot(pair.Value.Step, q) / pair.Value.Product;
            shares.Push(share);
            AddTo(q, pair.Value.Change, -share);
        }
        if (history.Last is { } newest)
        {
            var scale = newest.Value.Product / Dot(newest.Value.Change, newest.Value.Change);
            for (var i = 0; i < q.Length; i++)
                q[i] *= scale;
        }
        foreach (var (step, change, product) in history)
            AddTo(q, step, shares.Pop() - Dot(change, q) / product);
        return q;
    }

    private static double Dot(double[] a, double[] b)
    {
        var sum = 0.0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static void AddTo(double[] a, double[] b, double factor)
    {
        for (var i = 0; i < a.Length; i++)
            a[i] += factor * b[i];
    }
}

using Marrow.Spine;

namespace Marrow.Tasks.Intervals;

/// <summary>
/// Learns from films how the size of an angle's error goes with its spread, and how wide an interval has to be.
/// </summary>
internal static class AngleScaleFit
{
    private const int Parts = 5; // of which each is scored by a scale of the others
    private const int Rounds = 30, Sweeps = 50;
    private const double MostScales = 4; // a larger error counts as one of that size: one film must not bend the scale
    private const double LeastShare = 0.25; // of the median error, below which no film's scale lies

    /// <summary>Returns the scale of one angle with the quantile at the level.</summary>
    public static AngleScale Of(IReadOnlyList<CalibrationFilm> films, int angle, double level) =>
        Scale(films, angle) with { Quantile = Rank(Scores(films, angle), level) };

    /// <summary>
    /// Returns the value that one more of such scores does not exceed with at least this probability: the one of rank
    /// ceil((n + 1) level) (Lei et al. 2018).
    /// </summary>
    internal static double Rank(IEnumerable<double> scores, double level)
    {
        double[] sorted = [.. scores.Order()];
        var rank = (int)Math.Ceiling((sorted.Length + 1) * level);
        return sorted[Math.Min(rank, sorted.Length) - 1];
    }

    /// <summary>
    /// Returns for each film its error as a multiple of its scale, by a scale that was learnt from other patients: by
    /// one that the film itself helped to learn, errors seem smaller than they are.
    /// </summary>
    private static IEnumerable<double> Scores(IReadOnlyList<CalibrationFilm> films, int angle)
    {
        var parts = films
            .GroupBy(film => film.Patient, StringComparer.Ordinal)
            .OrderBy(patient => patient.Key, StringComparer.Ordinal)
            .Index()
            .GroupBy(patient => patient.Index % Parts, patient => patient.Item)
            .Select(part => part.SelectMany(patient => patient).ToHashSet(ReferenceEqualityComparer.Instance))
            .ToList();
        return parts.SelectMany(part =>
        {
            var others = films.Where(film => !part.Contains(film)).ToList();
            var scale = Scale(others.Count > 0 ? others : films, angle);
            return films.Where(part.Contains).Select(film => film.Error(angle) / scale.Of(film.Spreads[angle]));
        });
    }

    /// <summary>
    /// Returns the scale that makes the errors, taken as those of a Laplace distribution, most likely: iteratively
    /// reweighted least squares without negative coefficients, of errors that are cut off where they are very large.
    /// </summary>
    private static AngleScale Scale(IReadOnlyList<CalibrationFilm> films, int angle)
    {
        double[][] rows = [.. films.Select(film => Row(film.Spreads[angle]))];
        double[] errors = [.. films.Select(film => film.Error(angle))];
        var floor = Math.Max(LeastShare * errors.Order().ElementAt(errors.Length / 2), AngleScale.LeastScale);
        var coefficients = new double[rows[0].Length];
        coefficients[0] = Math.Max(errors.Average(), floor);
        for (var round = 0; round < Rounds; round++)
        {
            double[] scales = [.. rows.Select(row => Math.Max(Sum(row, coefficients), floor))];
            double[] cut = [.. errors.Zip(scales, (error, scale) => Math.Min(error, MostScales * scale))];
            Descend(rows, cut, [.. scales.Select(scale => 1 / (scale * scale))], coefficients);
            coefficients[0] = Math.Max(coefficients[0], floor);
        }
        return new()
        {
            ConstantDegrees = Bounded(coefficients[0]),
            PerLooks = Bounded(coefficients[1]),
            PerMoved = Bounded(coefficients[2]),
            PerJump = Bounded(coefficients[3]),
            Quantile = 1,
        };

        static double Bounded(double value) => Math.Min(value, AngleScale.Most);
    }

    private static double[] Row(in AngleSpread spread) =>
        [1, spread.LooksDegrees, spread.MovedDegrees, spread.JumpDegrees];

    /// <summary>Improves the coefficients of weighted least squares one after another, none of them below 0.</summary>
    private static void Descend(double[][] rows, double[] targets, double[] weights, double[] coefficients)
    {
        var length = coefficients.Length;
        var (products, sums) = (new double[length, length], new double[length]);
        foreach (var (n, row) in rows.Index())
        {
            for (var i = 0; i < length; i++)
            {
                sums[i] += weights[n] * row[i] * targets[n];
                for (var j = 0; j < length; j++)
                    products[i, j] += weights[n] * row[i] * row[j];
            }
        }
        for (var sweep = 0; sweep < Sweeps; sweep++)
        {
            for (var i = 0; i < length; i++)
            {
                if (products[i, i] <= 0)
                    continue; // no film has any of this spread
                var others = 0.0;
                for (var j = 0; j < length; j++)
                    others += j == i ? 0 : products[i, j] * coefficients[j];
                coefficients[i] = Math.Max((sums[i] - others) / products[i, i], 0);
            }
        }
    }

    private static double Sum(double[] row, double[] coefficients) => row.Zip(coefficients, (a, b) => a * b).Sum();
}

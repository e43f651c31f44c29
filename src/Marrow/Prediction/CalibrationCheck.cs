using Marrow.Findings;
using Marrow.Metrics;
using Marrow.Spine;
using Marrow.Tasks.Intervals;

namespace Marrow.Prediction;

/// <summary>What a calibration says of a film that it was not made of.</summary>
/// <param name="Intervals">About each angle.</param>
/// <param name="Probability">That cobb1 is near the truth.</param>
internal sealed record CheckedFilm(CalibrationFilm Film, IReadOnlyList<AngleInterval> Intervals, double Probability)
{
    public bool IsNear => Film.Error(0) <= SpineCalibrationFit.WithinDegrees;
}

/// <summary>Films of which about the same was said: how often it came true.</summary>
/// <param name="Said">The mean of the probabilities.</param>
/// <param name="True">The share of the films of which it came true.</param>
internal sealed record ReliabilityPart(double Said, double True, int Films);

/// <summary>
/// Whether intervals and confidence hold: a calibration of all folds but one is held against the films of that one, for
/// each fold, so that no film is counted by what it helped to make.
/// </summary>
internal static class CalibrationCheck
{
    private const int FilmsOfPart = 40, MostParts = 10; // of the reliability table

    private static readonly CurveSeverity[] Sizes = Enum.GetValues<CurveSeverity>();

    /// <summary>
    /// Returns what is said of each film out of fold; nothing where the films of the other folds are too few for that.
    /// </summary>
    public static IReadOnlyList<CheckedFilm> OutOfFold(IReadOnlyList<CalibrationFilm> films, double level)
    {
        var told = new List<CheckedFilm>();
        foreach (var fold in films.GroupBy(film => film.Fold).OrderBy(fold => fold.Key))
        {
            var others = films.Where(film => film.Fold != fold.Key).ToList();
            if (others.Count < SpineCalibrationFit.LeastFilms)
                return [];
            var calibration = SpineCalibrationFit.Of(others, level, new("", "", fold.Key, default));
            told.AddRange(fold.Select(film => new CheckedFilm(
                film,
                calibration.Around(film.Found, film.Spreads),
                calibration.ConfidenceOf(film.Spreads, film.Detector))));
        }
        return told;
    }

    /// <summary>
    /// coverage and interval-width of each angle ("coverage.cobb1"), and of cobb1 by the size of the true one
    /// ("coverage.mild"); brier and calibration-error of the confidence, and brier of saying the same share of every
    /// film ("brier.same").
    /// </summary>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<CheckedFilm> films, BootstrapOptions? bootstrap = null)
    {
        string[] patients = [.. films.Select(f => f.Film.Patient)];
        double[] near = [.. films.Select(f => f.IsNear ? 1.0 : 0)];
        double[] squares = [.. films.Select((f, n) => Square(f.Probability - near[n]))];
        return
        [
            .. Enumerable.Range(0, SpineCalibration.Angles).SelectMany(angle =>
                OfAngle(films, angle, $"cobb{angle + 1}", bootstrap)),
            .. Sizes.SelectMany(size => OfAngle(
                [.. films.Where(f => CobbAngles.SeverityOf(f.Film.Truth[0]) == size)],
                0,
                size.ToString().ToLowerInvariant(),
                bootstrap)),
            Bootstrap.Interval("brier", patients, w => Weighted.Mean(squares, w), bootstrap),
            Bootstrap.Interval("brier.same", patients, w => Same(Weighted.Mean(near, w)), bootstrap),
            new(name: "calibration-error", value: ErrorOf(Reliability(films)), count: films.Count),
        ];

        static double Same(double share) => share * (1 - share);
    }

    /// <summary>Returns parts of about equally many films, by probability, the lowest first.</summary>
    public static IReadOnlyList<ReliabilityPart> Reliability(IReadOnlyList<CheckedFilm> films)
    {
        CheckedFilm[] sorted = [.. films.OrderBy(f => f.Probability)];
        var parts = Math.Clamp(sorted.Length / FilmsOfPart, 1, MostParts);
        return
        [
            .. Enumerable.Range(0, parts)
                .Select(k => sorted[(k * sorted.Length / parts)..((k + 1) * sorted.Length / parts)])
                .Where(part => part.Length > 0)
                .Select(part => new ReliabilityPart(
                    part.Average(f => f.Probability), part.Average(f => f.IsNear ? 1.0 : 0), part.Length)),
        ];
    }

    private static double ErrorOf(IReadOnlyList<ReliabilityPart> parts) =>
        parts.Count == 0
            ? double.NaN
            : parts.Sum(p => p.Films * Math.Abs(p.Said - p.True)) / parts.Sum(p => p.Films);

    private static IEnumerable<MetricValue> OfAngle(
        IReadOnlyList<CheckedFilm> films, int angle, string name, BootstrapOptions? bootstrap)
    {
        if (films.Count == 0)
            return [];
        string[] patients = [.. films.Select(f => f.Film.Patient)];
        double[] held = [.. films.Select(f => f.Intervals[angle].Holds(f.Film.Truth[angle]) ? 1.0 : 0)];
        double[] widths = [.. films.Select(f => f.Intervals[angle].High - f.Intervals[angle].Low)];
        return
        [
            Bootstrap.Interval($"coverage.{name}", patients, w => Weighted.Mean(held, w), bootstrap),
            Bootstrap.Interval($"interval-width.{name}", patients, w => Weighted.Mean(widths, w), bootstrap),
        ];
    }

    private static double Square(double value) => value * value;
}

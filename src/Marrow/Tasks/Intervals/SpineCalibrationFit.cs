namespace Marrow.Tasks.Intervals;

/// <summary>Makes a calibration of films that were measured out of fold.</summary>
internal static class SpineCalibrationFit
{
    /// <summary>The share of films whose true angle an interval holds, unless another is asked for.</summary>
    public const double UsualLevel = 0.9;

    /// <summary>How near cobb1 is to the truth, with the probability that is told.</summary>
    public const double WithinDegrees = 5; // what two readers of one film differ by (Negrini et al. 2018)

    /// <summary>The fewest films that a calibration is made of.</summary>
    public const int LeastFilms = 50;

    private const double Ridge = 1;

    /// <summary>Returns the calibration, which belongs to no checkpoint yet.</summary>
    /// <param name="films">Two or more; <see cref="LeastFilms"/> where somebody is to rely on it.</param>
    public static SpineCalibration Of(IReadOnlyList<CalibrationFilm> films, double level, CalibrationSource source)
    {
        AngleScale[] scales =
            [.. Enumerable.Range(0, SpineCalibration.Angles).Select(angle => AngleScaleFit.Of(films, angle, level))];
        var slopes = LogisticFit.Of(
            [.. films.Select(film => ConfidenceModel.Features(scales[0].Of(film.Spreads[0]), film.Detector))],
            [.. films.Select(film => film.Error(0) <= WithinDegrees)],
            Ridge);
        return new()
        {
            Level = level,
            Films = films.Count,
            Cobb1 = scales[0],
            Cobb2 = scales[1],
            Cobb3 = scales[2],
            Confidence = new()
            {
                WithinDegrees = WithinDegrees,
                Intercept = slopes[0],
                PerLogScale = slopes[1],
                PerLogDetector = slopes[2],
            },
            Source = source,
            Beside = [],
        };
    }
}

using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Tasks.Intervals;

namespace Marrow.Prediction;

/// <summary>
/// The films of a cross-validation with their errors and how unsure each angle was, in the file from which a checkpoint
/// learns its intervals. Films that would have been refused are not among them: they get no interval.
/// </summary>
internal sealed record SpineErrors
{
    public const string FileName = "calibration.json";

    /// <summary>The name of the recipe.</summary>
    public required string Experiment { get; init; }

    /// <summary>The name of the data set.</summary>
    public required string Data { get; init; }

    /// <summary>How many folds there were.</summary>
    public required int Folds { get; init; }

    /// <summary>The checkpoints that measured each fold's films together.</summary>
    public required IReadOnlyList<MeasuringCheckpoint> Checkpoints { get; init; }

    public required IReadOnlyList<CalibrationFilm> Films { get; init; }

    /// <summary>
    /// What all films came to, those that would be refused as well, for the card of the checkpoint that learns from
    /// them. Empty in files of early versions.
    /// </summary>
    public IReadOnlyList<MeasuredValue> Measured { get; init; } = [];

    /// <summary>Returns the films of a cross-validation that can be held against the truth.</summary>
    /// <param name="films">The films with the number of the fold whose models measured them.</param>
    public static IReadOnlyList<CalibrationFilm> FilmsOf(IEnumerable<(int Fold, MeasuredFilm Film)> films) =>
    [
        .. films
            .Where(f => f.Film.Measured.Refusals.Count == 0
                && f.Film.Sample.CobbDegrees.Count == SpineCalibration.Angles
                && f.Film.Spine.Spreads.Count == SpineCalibration.Angles)
            .Select(f => new CalibrationFilm(
                f.Film.Sample.Patient,
                f.Fold,
                f.Film.Sample.CobbDegrees,
                f.Film.Spine.LandmarkAngles!.Degrees,
                f.Film.Spine.Spreads,
                f.Film.Measured.About.Confidence ?? 0)),
    ];

    /// <summary>
    /// Reads the file of a cross-validation's folder, with its digest. Throws <see cref="MarrowException"/> when there
    /// is none, or its content is impossible.
    /// </summary>
    public static (SpineErrors Errors, Digest Digest) Read(string folder)
    {
        const string remedy =
            "Name the folder of a finished marrow experiment --folds whose recipe measures spines; with --resume it "
                + "writes the file anew.";
        var path = Path.Combine(folder, FileName);
        var errors = MarrowJson.Read<SpineErrors>(path, "the errors of a cross-validation of spines", remedy);
        if (errors.Films.FirstOrDefault(film => Fault(film, errors.Folds) is not null) is { } film)
            throw MarrowException.Bad(path, "films with possible angles", Fault(film, errors.Folds)!, remedy);
        if (errors.Folds < 2 || errors.Films.Count < SpineCalibrationFit.LeastFilms)
            throw MarrowException.Bad(
                path,
                $"{SpineCalibrationFit.LeastFilms} films or more of 2 folds or more",
                $"{errors.Films.Count} of {errors.Folds}",
                "Cross-validate on more films: of fewer, nothing can be said of one in ten.");
        return (errors, Digest.Of(InputFile.ReadAllBytes(path, CheckpointJson.MaxBytes)));
    }

    /// <summary>
    /// Returns the calibration that the films give, which belongs to no checkpoint yet. Throws
    /// <see cref="MarrowException"/> when they are too few to promise so high a level.
    /// </summary>
    public SpineCalibration Calibrate(double level, Digest digest) =>
        (Films.Count + 1) * level <= Films.Count
            ? SpineCalibrationFit.Of(Films, level, new(Experiment, Data, Folds, digest))
            : throw MarrowException.Bad(
                FileName,
                $"films enough for intervals of {NumberText.Percent(level)}: "
                    + $"{NumberText.Whole((int)Math.Ceiling(level / (1 - level)))} or more",
                NumberText.Whole(Films.Count),
                "Ask for a lower level, or cross-validate on more films.");

    private static string? Fault(CalibrationFilm film, int folds)
    {
        if (film.Fold < 1 || film.Fold > folds)
            return $"one of fold {film.Fold.ToString(CultureInfo.InvariantCulture)} of {folds}";
        if (film.Truth.Count != SpineCalibration.Angles
            || film.Found.Count != SpineCalibration.Angles
            || film.Spreads.Count != SpineCalibration.Angles)
            return "one with another number of them";
        var degrees = film.Truth.Concat(film.Found).Concat(
            film.Spreads.SelectMany(s => (double[])[s.LooksDegrees, s.MovedDegrees, s.JumpDegrees]));
        return degrees.All(d => d is >= 0 and <= 180) && film.Detector is >= 0 and <= 1
            ? null
            : "one with a number that is no angle or no confidence";
    }
}

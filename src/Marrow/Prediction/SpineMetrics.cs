using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Metrics;
using Marrow.Spine;

namespace Marrow.Prediction;

/// <summary>One film: what is known of it, and what was measured on it.</summary>
internal sealed record MeasuredFilm(Sample Sample, SpineMeasurement Measured)
{
    public SpinePart Spine => Measured.Spine;

    /// <summary>The true and the found vertebrae.</summary>
    public LandmarkPair Pair => new()
    {
        Truth = Sample.Vertebrae,
        Found = [.. Spine.Vertebrae.Select(v => v.Corners)],
        ImageWidth = Measured.About.Width,
        ImageHeight = Measured.About.Height,
        Patient = Sample.Patient,
    };
}

/// <summary>
/// Films that were measured -> metrics of the spine, by the kind of angles: those of the corners ("landmarks"), those
/// that the corners' errors make probable ("expected"), the regressor's ("regressor") and the mixture ("fused").
/// </summary>
internal static class SpineMetrics
{
    public const string Landmarks = "landmarks", Expected = "expected", Regressor = "regressor", Fused = "fused";

    /// <summary>The kinds of angles that every film has, in order; the first is what a prediction reports.</summary>
    public static IReadOnlyList<(string Kind, Func<SpinePart, IReadOnlyList<double>> Of)> Kinds(
        IReadOnlyList<MeasuredFilm> films)
    {
        var (corners, regressor) = (
            films.All(f => f.Spine.LandmarkAngles is not null), films.All(f => f.Spine.RegressorDegrees.Count > 0));
        (string, bool, Func<SpinePart, IReadOnlyList<double>>)[] all =
        [
            (Landmarks, corners, spine => spine.LandmarkAngles!.Degrees),
            (Expected, corners, spine => spine.ExpectedDegrees),
            (Regressor, regressor, spine => spine.RegressorDegrees),
            (Fused, corners && regressor, spine => spine.FusedDegrees),
        ];
        return [.. all.Where(kind => kind.Item2).Select(kind => (kind.Item1, kind.Item3))];
    }

    /// <summary>
    /// The metrics of each kind. Those of the vertebrae stand with the landmarks'. A film whose true angles are not
    /// known is left out of the angles' metrics.
    /// </summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> Of(
        IReadOnlyList<MeasuredFilm> films, BootstrapOptions? bootstrap = null)
    {
        var measured = films.Where(f => f.Sample.CobbDegrees.Count > 0).ToList();
        IReadOnlyList<double>[] truth = [.. measured.Select(f => f.Sample.CobbDegrees)];
        string[] patients = [.. measured.Select(f => f.Sample.Patient)];
        var results = new Dictionary<string, IReadOnlyList<MetricValue>>();
        foreach (var (kind, of) in Kinds(films))
        {
            IReadOnlyList<double>[] found = [.. measured.Select(f => of(f.Spine))];
            results[kind] =
            [
                .. Angles.Measure(truth, found, patients, bootstrap),
                .. kind == Landmarks && HaveVertebrae(films) ? OfVertebrae(films, bootstrap) : [],
                .. Agreement.Measure(truth, found, patients, bootstrap),
            ];
        }
        return results;
    }

    /// <summary>Whether the true corners of every film are known.</summary>
    public static bool HaveVertebrae(IReadOnlyList<MeasuredFilm> films) =>
        films.All(f => f.Sample.Vertebrae.Count > 0);

    private static IReadOnlyList<MetricValue> OfVertebrae(
        IReadOnlyList<MeasuredFilm> films, BootstrapOptions? bootstrap)
    {
        var pairs = films.Select(f => f.Pair).ToList();
        string[] patients = [.. films.Select(f => f.Sample.Patient)];
        var ends = films
            .Select(f => (f.Sample.Patient, Truth: EndsOf(f), Found: f.Spine.LandmarkAngles!.Pairs[0]))
            .Where(e => e.Truth is not null)
            .ToList();
        return
        [
            .. Metrics.Landmarks.Measure(pairs, bootstrap),
            Share("spines-seen", f => f.Spine.Vertebrae.Count(v => !v.Filled) == Vertebra.Count),
            Share("refused-films", f => f.Measured.Refusals.Count > 0),
            .. EndVertebrae.Measure(
                [.. ends.Select(e => e.Truth!.Value)],
                [.. ends.Select(e => e.Found)],
                [.. ends.Select(e => e.Patient)],
                bootstrap),
            .. Tilts.Measure(pairs, bootstrap),
            .. LevelMatch.Measure(pairs, bootstrap),
        ];

        MetricValue Share(string name, Func<MeasuredFilm, bool> holds)
        {
            var values = films.Select(f => holds(f) ? 1.0 : 0).ToArray();
            return Bootstrap.Interval(name, patients, w => Weighted.Mean(values, w), bootstrap);
        }
    }

    /// <summary>
    /// The true ends of the largest angle; null of a film whose labels give no direction of some vertebra. The image's
    /// height decides the other two angles alone.
    /// </summary>
    private static VertebraPair? EndsOf(MeasuredFilm film) =>
        film.Sample.CobbDegrees.Count > 0 && film.Sample.Vertebrae.All(v => v.Axis is not { X: 0, Y: 0 })
            ? CobbAngles.Measure(film.Sample.Vertebrae, film.Measured.About.Height).Pairs[0]
            : null;
}

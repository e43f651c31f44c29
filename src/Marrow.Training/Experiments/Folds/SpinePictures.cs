using Marrow.Findings;
using Marrow.Metrics;
using Marrow.Prediction;
using Marrow.Reports;

namespace Marrow.Training.Experiments.Folds;

/// <summary>The pictures of a cross-validation of spines: agreement, predicted against true, tilts by level.</summary>
internal static class SpinePictures
{
    public static IReadOnlyList<FoldPicture> Of(
        IReadOnlyList<MeasuredFilm> films,
        string kind,
        Func<SpinePart, IReadOnlyList<double>> of,
        IReadOnlyList<MetricValue> metrics,
        IReadOnlyList<MetricValue> byLevel)
    {
        var known = films.Where(f => f.Sample.CobbDegrees.Count > 0).ToList();
        if (known.Count == 0)
            return [];
        var angles = Enumerable.Range(0, known[0].Sample.CobbDegrees.Count).Select(a => new AgreementSeries(
            $"cobb{a + 1}",
            [.. known.Select(f => f.Sample.CobbDegrees[a])],
            [.. known.Select(f => of(f.Spine)[a])])).ToList();
        AgreementLine[] lines = [Line("agreement-high.cobb1"), Line("bias.cobb1"), Line("agreement-low.cobb1")];
        return
        [
            new(
                "predicted",
                dark => AgreementPlots.PredictedAgainstTrue(
                    $"Predicted against true angles, {known.Count} films ({kind})", angles, dark),
                $"Each film's predicted angles ({kind}) over the true ones, with the line on which they are equal."),
            new(
                "agreement",
                dark => AgreementPlots.BlandAltman(
                    $"Agreement of the largest angle, {known.Count} films ({kind})", angles[0], lines, dark),
                $"Bland and Altman: predicted minus true largest angle over the mean of both. Bias "
                    + $"{Text("bias.cobb1")}, 95 % limits {Text("agreement-low.cobb1")} and "
                    + $"{Text("agreement-high.cobb1")} degrees; the bands are their intervals."),
            .. byLevel.Count > 0 ? [Levels(byLevel)] : Array.Empty<FoldPicture>(),
        ];

        AgreementLine Line(string name) => Find(name) is var m ? new(m.Value, m.Low, m.High) : default;
        string Text(string name) => SpineTables.Cell(Find(name));
        MetricValue Find(string name) => metrics.First(m => m.Name == name);
    }

    private static FoldPicture Levels(IReadOnlyList<MetricValue> byLevel)
    {
        var errors = byLevel.Where(m => m.Name.StartsWith("tilt-mae.", StringComparison.Ordinal)).ToList();
        string[] levels = [.. errors.Select(m => m.Name.Split('.')[1])];
        return new(
            "tilts",
            dark => AgreementPlots.ByLevel(
                "Tilt error by vertebra", "mean absolute error, degrees", levels,
                [.. errors.Select(m => new AgreementLine(m.Value, m.Low, m.High))], dark),
            $"Mean absolute error of the tilt by vertebra: "
                + string.Join("; ", errors.Select((m, i) => $"{levels[i]} {ExperimentText.Value(m.Unit, m.Value)}"))
                + " degrees. Bars: 95 %.");
    }
}

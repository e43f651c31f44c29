using System.Text.Json;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Spine;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// Spines as a table with a row for each film: angles and tilts in degrees, true and predicted. A cell is blank where
/// nothing is known, and where the vertebrae that were found are not 17.
/// </summary>
/// <param name="kinds">The kinds of angles, each with what a spine has of it.</param>
/// <param name="levels">The names of the vertebrae, from the top.</param>
internal sealed class SpineFilmTable(
    IReadOnlyList<(string Kind, Func<SpinePart, IReadOnlyList<double>> Of)> kinds, IReadOnlyList<string> levels)
{
    private const int Angles = 3;

    public IReadOnlyList<string> Columns =>
        [
            "file", "group", "fold", "status", "confidence",
            .. Enumerable.Range(1, Angles).SelectMany(a => (string[])
                [$"cobb{a}.true", .. kinds.Select(kind => $"cobb{a}.{kind.Kind}")]),
            .. levels.SelectMany(level => (string[])[$"tilt.{level}.true", $"tilt.{level}.predicted"]),
        ];

    public IReadOnlyList<string> Row(PredictedSpine predicted)
    {
        var (sample, measured) = (predicted.Film.Sample, predicted.Film.Measured);
        var (truth, found) = (Tilts(sample.Vertebrae), Tilts([.. measured.Spine.Vertebrae.Select(v => v.Corners)]));
        var status = measured.Refusals.Count > 0 ? FindingStatus.Refused : measured.About.Status;
        return
        [
            CsvTable.TextCell(sample.Id),
            CsvTable.TextCell(sample.Patient),
            NumberText.Whole(predicted.Fold.Fold.Number),
            JsonNamingPolicy.CamelCase.ConvertName($"{status}"),
            measured.About.Confidence is { } confidence ? NumberText.Of(confidence, "0.####") : "",
            .. Enumerable.Range(0, Angles).SelectMany(a => (string[])
                [
                    Degrees(sample.CobbDegrees, a),
                    .. kinds.Select(kind => Degrees(kind.Of(measured.Spine), a)),
                ]),
            .. Enumerable.Range(0, levels.Count).SelectMany(n => (string[])[Degrees(truth, n), Degrees(found, n)]),
        ];
    }

    private IReadOnlyList<double> Tilts(IReadOnlyList<Vertebra> vertebrae) =>
        vertebrae.Count == levels.Count ? [.. vertebrae.Select(v => v.TiltDegrees)] : [];

    private static string Degrees(IReadOnlyList<double> values, int index) =>
        index < values.Count ? NumberText.Of(values[index], "0.###") : "";
}

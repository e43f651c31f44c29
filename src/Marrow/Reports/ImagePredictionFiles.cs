using System.Globalization;
using System.Text;
using CsvHelper;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Prediction;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>
/// Writes findings of classes, numbers or points to a folder: a JSON file and an overlay for each image as it is finished,
/// and one CSV with a row for each at the end. Files that no prediction wrote are never replaced.
/// </summary>
/// <param name="columns">See <see cref="ImagePredictor.Columns"/>.</param>
/// <param name="overlays">Whether overlays are drawn, which takes most of the time.</param>
public sealed class ImagePredictionFiles(string folder, IReadOnlyList<string> columns, bool overlays = true)
{
    private const int MostLines = 8; // of values above a picture; the JSON file has them all

    private readonly ResultFolder _results = new(folder);
    private readonly List<ImageFinding> _findings = [];

    public string CsvPath => _results.CsvPath;

    /// <param name="radiograph">Null when it could not be read: then there is no overlay.</param>
    /// <exception cref="MarrowException">The folder can't be written, or a file that no prediction wrote is in the way.</exception>
    public void Add(ImageFinding finding, Radiograph? radiograph)
    {
        var name = _results.NameOf(finding.File);
        _results.WriteJson(name, Document(finding));
        if (radiograph is not null && overlays)
            _results.WritePicture(name, ResultFolder.Overlay, Overlay(radiograph, finding));
        else
            _results.Drop(name, ResultFolder.Overlay);
        _findings.Add(finding);
    }

    /// <summary>Writes predictions.csv with every finding added so far.</summary>
    /// <exception cref="MarrowException">The folder can't be written, or a table that no prediction wrote is in the way.</exception>
    public void WriteCsv() => _results.WriteCsv(stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        // A cell that a spreadsheet would run as a formula (=, +, -, @) is preceded by an apostrophe; numbers are numbers.
        using var csv = CsvWriter.Create(writer, new CsvWriterOptions { Injection = CsvInjection.None, NewLine = "\n" }, leaveOpen: true);
        csv.WriteHeader([.. (string[])["file", .. columns.Select(CsvTable.TextCell), "status"]]);
        foreach (var finding in _findings)
            csv.WriteRecord([.. Row(finding)]);
    });

    /// <summary>File, the columns in their order (blank where masked or failed), status.</summary>
    public IReadOnlyList<string> Row(ImageFinding finding)
    {
        string[] cells = finding.Checkpoint is null
            ? [.. columns.Select(_ => "")]
            :
            [
                .. finding.Class is { } best ? [Text(best)] : (string[])[],
                .. finding.Values.Select(v => v.Value is { } value ? Number(value) : ""),
                .. finding.Points.SelectMany(p => p.Place is { } at ? (string[])[Pixels(at.X), Pixels(at.Y)] : ["", ""]),
            ];
        return [Text(finding.File), .. cells, finding.Status.ToString().ToLowerInvariant()];
    }

    /// <summary>The finding as an object, to be written as JSON or to be part of a larger document.</summary>
    public static object Document(ImageFinding finding) => new
    {
        finding.File,
        finding.Width,
        finding.Height,
        finding.Status,
        finding.Class,
        Values = finding.Values.Count == 0 ? null : finding.Values.Select(v => new { v.Name, Unit = v.Unit.Length == 0 ? null : v.Unit, Value = v.Value is { } value ? Math.Round(value, 6) : (double?)null, Untrained = v.Value is null ? true : (bool?)null }),
        Points = finding.Points.Count == 0 ? null : finding.Points.Select(p => new
        {
            p.Name,
            X = p.Place is { } at ? Math.Round(at.X, 2) : (double?)null,
            Y = p.Place is { } place ? Math.Round(place.Y, 2) : (double?)null,
            Score = p.Place is null ? (double?)null : Math.Round(p.Score, 4),
            Untrained = p.Place is null ? true : (bool?)null,
        }),
        finding.Warnings,
        finding.Checkpoint,
    };

    private static byte[] Overlay(Radiograph radiograph, ImageFinding finding)
    {
        var strip = new List<IReadOnlyList<StripRun>>();
        if (finding.Class is { } best)
            strip.Add([new(best, SKColors.White, true)]);
        // The likeliest classes; numbers in their order.
        var values = finding.Values.Where(v => v.Value is not null).ToList();
        if (values.All(v => v.Unit == "probability"))
            values = [.. values.OrderByDescending(v => v.Value)];
        foreach (var v in values.Take(MostLines))
            strip.Add([new($"{v.Name}  ", OverlayFrame.Grey), new($"{Number(v.Value!.Value)}{(v.Unit is "" or "probability" ? "" : " " + v.Unit)}", SKColors.White, true)]);
        for (var k = 0; k < Math.Min(MostLines, finding.Points.Count); k++)
        {
            if (finding.Points[k] is { Place: { } at } point)
                strip.Add([new($"{point.Name}  ", PointCanvas.ColorOf(k)), new($"{Pixels(at.X)}, {Pixels(at.Y)} px", SKColors.White), new($"   score {point.Score.ToString("F2", CultureInfo.InvariantCulture)}", OverlayFrame.Grey)]);
        }
        if (finding.Status != FindingStatus.Ok)
            strip.Add([new(finding.Status.ToString().ToLowerInvariant(), OverlayFrame.Alarm, true)]);
        var unseen = new Point2D(double.NaN, double.NaN);
        return OverlayFrame.Render(radiograph, strip, (canvas, place) => PointCanvas.Draw(canvas, place, [.. finding.Points.Select(p => p.Place ?? unseen)], [.. finding.Points.Select(p => p.Name)]));
    }

    private static string Text(string cell) => CsvTable.TextCell(cell);

    private static string Number(double value) => value.ToString(Math.Abs(value) >= 1000 ? "0.#" : "0.####", CultureInfo.InvariantCulture);

    private static string Pixels(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);
}

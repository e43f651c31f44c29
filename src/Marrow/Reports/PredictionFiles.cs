using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using Marrow.Imaging;
using Marrow.Prediction;

namespace Marrow.Reports;

/// <summary>
/// Writes findings to a folder: a JSON file and an overlay for each image as it is finished, and one CSV with a row
/// for each at the end. Images of the same name from different folders get different files. Files that no prediction wrote
/// are never replaced.
/// </summary>
/// <param name="overlays">Whether overlays are drawn, which takes most of the time.</param>
public sealed class PredictionFiles(string folder, bool overlays = true)
{
    private static readonly string[] Header = ["file", "cobb1", "cobb2", "cobb3", "severity", "vertebrae", "confidence", "status"];

    private readonly ResultFolder _results = new(folder);
    private readonly List<SpineFinding> _findings = [];

    /// <summary>Paths of what one image gave.</summary>
    /// <param name="Overlay">Null when the image could not be read or none is drawn.</param>
    public sealed record Written(string Json, string? Overlay);

    public string CsvPath => _results.CsvPath;

    /// <param name="radiograph">Null when it could not be read: then there is no overlay.</param>
    /// <exception cref="MarrowException">The folder can't be written, or a file that no prediction wrote is in the way.</exception>
    public Written Add(SpineFinding finding, Radiograph? radiograph, SpineTruth? truth = null)
    {
        var name = _results.NameOf(finding.File);
        var json = _results.WriteJson(name, Document(finding));
        string? overlay = null;
        if (radiograph is not null && overlays)
            overlay = _results.WritePicture(name, ResultFolder.Overlay, OverlayRenderer.Render(radiograph, finding, truth));
        else
            _results.Drop(name, ResultFolder.Overlay);
        _findings.Add(finding);
        return new(json, overlay);
    }

    /// <summary>Writes predictions.csv with every finding added so far.</summary>
    /// <exception cref="MarrowException">The folder can't be written, or a table that no prediction wrote is in the way.</exception>
    public void WriteCsv() => _results.WriteCsv(stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        WriteCsv(writer, _findings);
    });

    /// <summary>
    /// One row a finding; angles in degrees. A file name that a spreadsheet would run as a formula (=, +, -, @) is
    /// preceded by an apostrophe.
    /// </summary>
    public static void WriteCsv(TextWriter writer, IEnumerable<SpineFinding> findings)
    {
        using var csv = CsvWriter.Create(writer, new CsvWriterOptions { Injection = CsvInjection.Escape, NewLine = "\n" }, leaveOpen: true);
        csv.WriteHeader(Header);
        foreach (var finding in findings)
        {
            var angles = Enumerable.Range(0, 3).Select(i => i < finding.CobbDegrees.Count ? Number(finding.CobbDegrees[i]) : "");
            csv.WriteRecord([
                finding.File,
                .. angles,
                finding.Severity is { } severity ? Name(severity) : "",
                finding.Vertebrae.Count.ToString(CultureInfo.InvariantCulture),
                Number(finding.Confidence),
                Name(finding.Status),
            ]);
        }
    }

    /// <summary>The finding as a JSON document; corners are [[x, y] TL, TR, BL, BR] in original pixels.</summary>
    public static string ToJson(SpineFinding finding) => JsonSerializer.Serialize(Document(finding), MarrowJson.Options);

    /// <summary>The same as an object, to be part of a larger document. Where nothing is measured, angles and severity are null.</summary>
    public static object Document(SpineFinding finding)
    {
        var document = JsonSerializer.SerializeToNode(Fields(finding), MarrowJson.Options)!.AsObject();
        // Written by name, where other values that are not known are left out: a reader must meet them.
        foreach (var (name, place) in ((string, int)[])[("severity", 5), ("cobbDegrees", 6)])
        {
            if (!document.ContainsKey(name))
                document.Insert(place, name, null);
        }
        return document;
    }

    private static object Fields(SpineFinding finding) => new
    {
        finding.File,
        finding.Width,
        finding.Height,
        finding.Status,
        finding.Confidence,
        finding.Severity,
        CobbDegrees = finding.CobbDegrees.Count == 0 ? null : Angles(finding.CobbDegrees),
        Angles = new
        {
            Landmarks = finding.LandmarkAngles?.Degrees.Zip(finding.LandmarkAngles.Pairs, (degrees, pair) => new
            {
                Degrees = Math.Round(degrees, 3),
                Upper = Level(finding, pair.Upper),
                Lower = Level(finding, pair.Lower),
            }),
            Expected = finding.ExpectedDegrees.Count == 0 ? null : Angles(finding.ExpectedDegrees),
            Regressor = finding.RegressorDegrees.Count == 0 ? null : Angles(finding.RegressorDegrees),
        },
        Vertebrae = finding.Vertebrae.Select(vertebra => new
        {
            vertebra.Level,
            Score = Math.Round(vertebra.Score, 4),
            vertebra.Filled,
            Corners = new[] { vertebra.Corners.TopLeft, vertebra.Corners.TopRight, vertebra.Corners.BottomLeft, vertebra.Corners.BottomRight }
                .Select(p => new[] { Math.Round(p.X, 2), Math.Round(p.Y, 2) }),
        }),
        finding.Warnings,
        finding.Checkpoints,
    };

    private static string Level(SpineFinding finding, int position) =>
        position >= 0 && position < finding.Vertebrae.Count ? finding.Vertebrae[position].Level : "";

    private static double[] Angles(IReadOnlyList<double> degrees) => degrees.Select(d => Math.Round(d, 3)).ToArray();
    private static string Number(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
    private static string Name<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}

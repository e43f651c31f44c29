using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using Marrow.Imaging;
using Marrow.Prediction;

namespace Marrow.Reports;

/// <summary>
/// Writes outlined radiographs to a folder: for each image NAME.mask.png (its own size; 0 is background; the class is 255
/// where there is one, else 1, 2 ... in the order of the classes), NAME.overlay.png and NAME.json as it is finished, and
/// predictions.csv with a row for each at the end. Files that no prediction wrote are never replaced.
/// </summary>
/// <param name="overlays">Whether overlays are drawn, which takes most of the time.</param>
public sealed class MaskFiles(string folder, IReadOnlyList<string> classes, bool overlays = true)
{
    private const byte OnlyClass = byte.MaxValue;

    private readonly ResultFolder _results = new(folder);
    private readonly List<SegmentFinding> _findings = [];

    /// <summary>Paths of what one image gave; all but the first are null when it could not be read, the last also when none is drawn.</summary>
    public sealed record Written(string Json, string? Mask, string? Overlay);

    public string CsvPath => _results.CsvPath;

    /// <param name="radiograph">Null when it could not be read.</param>
    /// <exception cref="MarrowException">The folder can't be written, or a file that no prediction wrote is in the way.</exception>
    public Written Add(SegmentFinding finding, Radiograph? radiograph)
    {
        var name = _results.NameOf(finding.File);
        var json = _results.WriteJson(name, Document(finding));
        // A folder of thousands of films must not keep their masks.
        _findings.Add(finding with { Mask = [] });
        string? mask = null, overlay = null;
        if (radiograph is not null)
            mask = _results.WritePicture(name, ResultFolder.Mask, ImageWriter.EncodePng8(finding.Width, finding.Height, Values(finding.Mask, classes.Count)));
        else
            _results.Drop(name, ResultFolder.Mask);
        if (radiograph is not null && overlays)
            overlay = _results.WritePicture(name, ResultFolder.Overlay, MaskOverlay.Render(radiograph, finding));
        else
            _results.Drop(name, ResultFolder.Overlay);
        return new(json, mask, overlay);
    }

    /// <summary>Writes predictions.csv with every finding added so far: file, area.CLASS (share of the image, 0 to 1) for each class, confidence, status.</summary>
    /// <exception cref="MarrowException">The folder can't be written, or a table that no prediction wrote is in the way.</exception>
    public void WriteCsv() => _results.WriteCsv(stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        // A file name that a spreadsheet would run as a formula is preceded by an apostrophe.
        using var csv = CsvWriter.Create(writer, new CsvWriterOptions { Injection = CsvInjection.Escape, NewLine = "\n" }, leaveOpen: true);
        csv.WriteHeader(["file", .. classes.Select(c => $"area.{c}"), "confidence", "status"]);
        foreach (var finding in _findings)
        {
            csv.WriteRecord([
                finding.File,
                .. classes.Select((_, i) => i < finding.Regions.Count ? Number(finding.Regions[i].AreaShare) : ""),
                Number(finding.Confidence),
                JsonNamingPolicy.CamelCase.ConvertName(finding.Status.ToString()),
            ]);
        }
    });

    /// <summary>The finding without its mask, as an object for JSON.</summary>
    public static object Document(SegmentFinding finding) => new
    {
        finding.File,
        finding.Width,
        finding.Height,
        finding.Status,
        Confidence = Math.Round(finding.Confidence, 4),
        Regions = finding.Regions.Select((region, i) => new
        {
            region.Class,
            MaskValue = ValueOf(i + 1, finding.Regions.Count),
            region.AreaPixels,
            AreaShare = Math.Round(region.AreaShare, 6),
            Confidence = Math.Round(region.Confidence, 4),
        }),
        finding.Warnings,
        finding.Checkpoints,
    };

    /// <summary>What masks in files have for each class; <see cref="Datasets.MaskFile"/> reads them back.</summary>
    internal static byte[] Values(byte[] mask, int classCount) => [.. mask.Select(v => ValueOf(v, classCount))];

    private static byte ValueOf(int place, int classCount) => classCount == 1 && place == 1 ? OnlyClass : (byte)place;

    private static string Number(double value) => value.ToString("0.#####", CultureInfo.InvariantCulture);
}

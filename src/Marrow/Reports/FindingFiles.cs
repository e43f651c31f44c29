using System.Text;
using Marrow.Findings;
using Marrow.Imaging;

namespace Marrow.Reports;

/// <summary>
/// Writes findings to a folder. Each image gets, as soon as it is finished, NAME.json, NAME.overlay.png and, when
/// something was outlined, NAME.mask.png. A mask has the image's own size; 0 is background, and the classes are 1, 2
/// ... in their order, or 255 when there is only one class. At the end predictions.csv gets one row for each image.
/// Images of the same name from different folders get different files. Files that no prediction has written are never
/// replaced.
/// </summary>
/// <param name="columns">The columns of the table; see <see cref="Prediction.PredictorSet.Columns"/>.</param>
/// <param name="overlays">True to draw overlays, which takes most of the time.</param>
public sealed class FindingFiles(string folder, IReadOnlyList<string> columns, bool overlays = true)
{
    private readonly ResultFolder _results = new(folder);
    private readonly FindingTable _table = new(columns);
    private readonly List<Finding> _findings = [];

    /// <summary>The paths of the files that one image gave.</summary>
    /// <param name="Mask">The mask; null when nothing was outlined.</param>
    /// <param name="Overlay">The overlay; null when the image could not be read or no overlays are drawn.</param>
    internal sealed record Written(string Json, string? Mask, string? Overlay);

    /// <summary>The path of the file that <see cref="WriteCsv"/> writes.</summary>
    internal string CsvPath => _results.CsvPath;

    /// <summary>
    /// Throws <see cref="MarrowException"/>, before any work, when a file that no prediction has written is in the
    /// place of a result.
    /// </summary>
    /// <param name="folder">The folder for the results.</param>
    /// <param name="images">The paths of the images.</param>
    /// <param name="overlays">True when overlays are drawn.</param>
    /// <param name="masks">True when findings have masks.</param>
    internal static void RequireFree(string folder, IEnumerable<string> images, bool overlays, bool masks) =>
        ResultFolder.RequireFree(folder, images,
        [
            ResultFolder.Json,
            .. overlays ? [ResultFolder.Overlay] : (string[])[],
            .. masks ? [ResultFolder.Mask] : (string[])[],
        ]);

    /// <summary>Writes the files of one finding, and keeps it for the table.</summary>
    /// <param name="radiograph">The image; null when it could not be read, and then no pictures are written.</param>
    /// <exception cref="MarrowException">
    /// The folder can't be written, or a file that no prediction wrote is in the way.
    /// </exception>
    public void Add(Finding finding, Radiograph? radiograph) => Write(finding, radiograph);

    /// <summary>Writes the files of one finding. When there are labels, the overlay shows them too.</summary>
    internal Written Write(Finding finding, Radiograph? radiograph, SpineTruth? truth = null)
    {
        var name = _results.NameOf(finding.File);
        var json = _results.WriteJson(name, FindingJson.Document(finding));
        var regions = finding.Part<RegionsPart>();
        var mask =
            radiograph is not null && regions is { Mask.Length: > 0 }
                ? Picture(
                    ResultFolder.Mask,
                    ImageWriter.EncodePng8(
                        finding.Width,
                        finding.Height,
                        MaskValues.Of(regions.Mask, regions.Regions.Count)))
                : Picture(ResultFolder.Mask, null);
        var overlay = Picture(
            ResultFolder.Overlay,
            radiograph is not null && overlays ? OverlayRenderer.Render(radiograph, finding, truth) : null);
        _findings.Add(finding.WithoutMask());
        return new(json, mask, overlay);

        // One of an earlier prediction that this one does not replace would show what no longer holds.
        string? Picture(string ending, byte[]? png)
        {
            if (png is not null)
                return _results.WritePicture(name, ending, png);
            _results.Drop(name, ending);
            return null;
        }
    }

    /// <summary>Writes predictions.csv with every finding that was added so far.</summary>
    /// <exception cref="MarrowException">
    /// The folder can't be written, or a table that no prediction wrote is in the way.
    /// </exception>
    public void WriteCsv() => _results.WriteCsv(stream =>
    {
        using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        _table.WriteCsv(writer, _findings);
    });
}

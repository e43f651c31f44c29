using System.Text;
using Marrow.Findings;
using Marrow.Imaging;

namespace Marrow.Reports;

/// <summary>
/// Writes findings to a folder. Each image gets, as soon as it is finished, NAME.json, NAME.overlay.png and, when
/// something was outlined, NAME.mask.png, or NAME.TASK.mask.png by one of several tasks. A mask has the image's own
/// size; 0 is background, and the classes are 1, 2 ... in their order, or 255 when there is only one class. Of what was
/// explained there are NAME.heat-1.png, in the image's own size, NAME.explain-1.png with the heat on the image, and so
/// on; and NAME.evidence.png of a spine. At the end predictions.csv gets one row for each image.
/// Images of the same name from different folders get different files. Files that no prediction has written are never
/// replaced.
/// </summary>
/// <param name="columns">The columns of the table; see <see cref="Prediction.PredictorSet.Columns"/>.</param>
/// <param name="overlays">True to draw overlays, which takes most of the time.</param>
public sealed class FindingFiles(string folder, IReadOnlyList<string> columns, bool overlays = true)
{
    private readonly ResultFolder _results = new(folder);
    private readonly List<Rows> _tables = [new(null, columns)];

    /// <param name="Name">Of one of several tables; null of the main one.</param>
    private sealed record Rows(string? Name, IReadOnlyList<string> Columns)
    {
        public List<Finding> Findings { get; } = [];
    }

    /// <summary>The paths of the files that one image gave.</summary>
    /// <param name="Mask">The first mask; null when nothing was outlined.</param>
    /// <param name="Overlay">The overlay; null when the image could not be read or no overlays are drawn.</param>
    /// <param name="Finding">The finding as it was written, without its mask.</param>
    internal sealed record Written(string Json, string? Mask, string? Overlay, Finding Finding);

    /// <summary>The path of the file that <see cref="WriteCsv"/> writes.</summary>
    internal string CsvPath => _results.CsvPath();

    /// <summary>The paths of all tables with findings, and which of them.</summary>
    internal IEnumerable<(string Path, IReadOnlyList<string> Columns, IReadOnlyList<Finding> Findings)> Tables =>
        _tables.Where(table => table.Findings.Count > 0)
            .Select(table => (_results.CsvPath(table.Name), table.Columns, (IReadOnlyList<Finding>)table.Findings));

    /// <summary>
    /// Throws <see cref="MarrowException"/>, before any work, when a file that no prediction has written is in the
    /// place of a result.
    /// </summary>
    /// <param name="folder">The folder for the results.</param>
    /// <param name="images">The paths of the images.</param>
    /// <param name="overlays">True when overlays are drawn.</param>
    /// <param name="masks">Whose masks findings have; see <see cref="Prediction.IPredictor.Masks"/>.</param>
    /// <param name="tables">The tables beside the main one; see <see cref="Prediction.IPredictor.Tables"/>.</param>
    /// <param name="explanations">The most explanations that a finding has; null when nothing is explained.</param>
    internal static void RequireFree(
        string folder, IEnumerable<string> images, bool overlays, IReadOnlyList<string?> masks,
        IReadOnlyList<string> tables, int? explanations = null)
    {
        var explained = Enumerable.Range(1, explanations ?? 0);
        ResultFolder.RequireFree(folder, images, tables,
        [
            ResultFolder.Json,
            .. overlays ? [ResultFolder.Overlay] : (string[])[],
            .. masks.Select(ResultFolder.MaskOf),
            .. explained.Select(ResultFolder.Heat),
            .. overlays ? explained.Select(ResultFolder.Explained) : [],
            .. overlays && explanations is not null ? [ResultFolder.Evidence] : (string[])[],
        ]);
    }

    /// <summary>Writes the files of one finding, and keeps it for the table.</summary>
    /// <param name="radiograph">The image; null when it could not be read, and then no pictures are written.</param>
    /// <exception cref="MarrowException">
    /// The folder can't be written, or a file that no prediction wrote is in the way.
    /// </exception>
    public void Add(Finding finding, Radiograph? radiograph) => Write(finding, radiograph);

    /// <summary>Writes the files of one finding. When there are labels, the overlay shows them too.</summary>
    /// <param name="table">
    /// The name and the columns of the table into which it goes; null for the main one.
    /// </param>
    internal Written Write(
        Finding finding, Radiograph? radiograph, SpineTruth? truth = null,
        (string Name, IReadOnlyList<string> Columns)? table = null)
    {
        var name = _results.NameOf(finding.File);
        finding = WithFileNames(finding, name, radiograph is not null);
        var json = _results.WriteJson(name, FindingJson.Document(finding));
        if (finding.Part<RegionsPart>() is null)
            Picture(ResultFolder.Mask, null);
        string?[] masks =
        [
            .. finding.Parts.OfType<RegionsPart>().Select(regions => Picture(
                ResultFolder.MaskOf(regions.Name),
                radiograph is not null && regions.Mask.Length > 0
                    ? ImageWriter.EncodePng8(
                        finding.Width,
                        finding.Height,
                        MaskValues.Of(regions.Mask, regions.Regions.Count))
                    : null)),
        ];
        var overlay = Picture(
            ResultFolder.Overlay,
            radiograph is not null && overlays ? OverlayRenderer.Render(radiograph, finding, truth) : null);
        WriteExplanations(name, finding, radiograph);
        Picture(
            ResultFolder.Evidence,
            radiograph is not null && overlays && finding.Part<SpinePart>() is { } spine
                ? ExplanationRenderer.Render(radiograph, spine)
                : null);
        var kept = finding.WithoutMask();
        RowsOf(table).Findings.Add(kept);
        return new(json, masks.FirstOrDefault(mask => mask is not null), overlay, kept);

        // One of an earlier prediction that this one does not replace would show what no longer holds.
        string? Picture(string ending, byte[]? png)
        {
            if (png is not null)
                return _results.WritePicture(name, ending, png);
            _results.Drop(name, ending);
            return null;
        }
    }

    private Rows RowsOf((string Name, IReadOnlyList<string> Columns)? table)
    {
        if (_tables.Find(rows => rows.Name == table?.Name) is { } known)
            return known;
        _tables.Add(new(table!.Value.Name, table.Value.Columns));
        return _tables[^1];
    }

    /// <summary>Returns the finding with the names of the files that explanations get.</summary>
    private Finding WithFileNames(Finding finding, string name, bool drawn) =>
        !drawn || finding.Part<ExplanationsPart>() is not { } part
            ? finding
            : finding.With(new ExplanationsPart(
            [
                .. part.Explanations.Select((explanation, k) => new Explanation(explanation.Of, explanation.Heat)
                {
                    HeatFile = name + ResultFolder.Heat(k + 1),
                    OverlayFile = overlays ? name + ResultFolder.Explained(k + 1) : null,
                }),
            ]));

    /// <summary>
    /// Writes the files of each explanation, and removes those of an earlier prediction that had more of them.
    /// </summary>
    private void WriteExplanations(string name, Finding finding, Radiograph? radiograph)
    {
        IReadOnlyList<Explanation> explanations =
            radiograph is null ? [] : finding.Part<ExplanationsPart>()?.Explanations ?? [];
        foreach (var (k, explanation) in explanations.Index())
        {
            var heat = ImageWriter.EncodePng8(finding.Width, finding.Height, explanation.HeatPixels());
            _results.WritePicture(name, ResultFolder.Heat(k + 1), heat);
            if (overlays)
                _results.WritePicture(
                    name, ResultFolder.Explained(k + 1), ExplanationRenderer.Render(radiograph!, explanation));
        }
        DropFrom(explanations.Count + 1, ResultFolder.Heat);
        DropFrom(overlays ? explanations.Count + 1 : 1, ResultFolder.Explained);

        void DropFrom(int number, Func<int, string> ending)
        {
            while (_results.Drop(name, ending(number)))
                number++;
        }
    }

    /// <summary>
    /// Writes predictions.csv with every finding that was added so far, and beside it the other tables.
    /// </summary>
    /// <exception cref="MarrowException">
    /// The folder can't be written, or a table that no prediction wrote is in the way.
    /// </exception>
    public void WriteCsv()
    {
        foreach (var table in _tables)
        {
            _results.WriteCsv(table.Name, stream =>
            {
                using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
                new FindingTable(table.Columns).WriteCsv(writer, table.Findings);
            });
        }
    }
}

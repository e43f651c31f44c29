using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Prediction;

namespace Marrow.Reports;

/// <summary>
/// Predicts many images, one after the other, and writes the findings to a folder by means of
/// <see cref="FindingFiles"/>. An image that can't be read gives a finding that says so, so that one broken file does
/// not stop the others. When an error or a cancellation ends the prediction early, the findings so far are written
/// first.
/// </summary>
public static class FolderPrediction
{
    /// <summary>
    /// Predicts the images. Throws <see cref="MarrowException"/>, before any work, when a file that no prediction has
    /// written is in the place of a result.
    /// </summary>
    /// <param name="folder">The folder for the results.</param>
    /// <param name="overlays">True to draw overlays, which need more time and space than everything else.</param>
    /// <param name="explained">
    /// What is to be explained, as <see cref="PredictorSet.Explain(Radiograph, IReadOnlyList{string})"/> takes it;
    /// empty for the default, null for nothing.
    /// </param>
    public static FolderPredictionResult Run(
        PredictorSet predictor,
        ImageInputs inputs,
        string folder,
        bool overlays = true,
        IReadOnlyList<string>? explained = null,
        Action<Progress>? progress = null,
        CancellationToken cancellation = default)
    {
        if (explained is not null)
            predictor.RequireExplainable(explained);
        FindingFiles.RequireFree(
            folder,
            inputs.Images,
            overlays,
            predictor.Masks,
            predictor.Tables,
            explained is { Count: 0 } ? predictor.Explainable.Count : explained?.Count);
        ProcessThreads.Current?.Apply();
        var files = new FindingFiles(folder, predictor.Columns, overlays);
        var found = new List<Finding>();
        try
        {
            foreach (var image in inputs.Images)
            {
                cancellation.ThrowIfCancellationRequested();
                var (finding, radiograph) = Read(predictor, image, explained);
                found.Add(files.Write(
                    finding, radiograph,
                    table: predictor.TableOf(finding) is { } table ? (table, predictor.ColumnsOf(table)) : null)
                    .Finding);
                progress?.Invoke(new("predicting", found.Count, inputs.Images.Count, ProgressUnit.Images));
            }
        }
        finally
        {
            if (found.Count > 0)
                files.WriteCsv();
        }
        var document = new
        {
            Folder = folder,
            csv = files.CsvPath,
            Tables = files.Tables.Select(table => table.Path).ToList(),
            predictions = found.Select(FindingJson.Document).ToList(),
            Skipped = inputs.LeftOut,
        };
        ReportPart[] parts =
        [
            .. files.Tables.SelectMany(table =>
                FindingText.Of(table.Findings, table.Columns, folder, overlays, Path.GetFileName(table.Path))),
        ];
        return new(found, inputs.IsIncomplete, new(document, parts));
    }

    private static (Finding, Radiograph?) Read(
        PredictorSet predictor, string image, IReadOnlyList<string>? explained)
    {
        try
        {
            return explained is null ? predictor.Predict(image) : predictor.Explain(image, explained);
        }
        catch (MarrowException e)
        {
            return (predictor.Failed(image, e.Message), null);
        }
    }
}

/// <summary>The outcome of a <see cref="FolderPrediction"/>.</summary>
public sealed class FolderPredictionResult
{
    private const int MostWarned = 5;

    internal FolderPredictionResult(IReadOnlyList<Finding> findings, bool isIncomplete, TextReport report) =>
        (Findings, IsWhole, Report) = (
            findings, !isIncomplete && !findings.Any(IsWithout), report);

    /// <summary>The findings, in the order of the images. Masks are only in the written files.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>
    /// False when an image failed or was refused, or when a folder could not be searched for images.
    /// </summary>
    public bool IsWhole { get; }

    /// <summary>A table with one row for each image, whose numbers have as many digits as are meaningful.</summary>
    public TextReport Report { get; }

    /// <summary>
    /// All remarks on the images when there are only a few of them; otherwise only the images that were not measured.
    /// </summary>
    public IEnumerable<string> Warnings
    {
        get
        {
            foreach (var failed in Findings.Where(IsWithout))
                yield return failed.Warnings[0].StartsWith(failed.File, StringComparison.Ordinal)
                    ? failed.Warnings[0]
                    : $"{failed.File}: {(failed.Status == FindingStatus.Refused ? "refused. " : "")}"
                        + failed.Warnings[0];
            var others = Findings.Where(f => !IsWithout(f) && f.Warnings.Count > 0).ToList();
            if (others.Count > MostWarned)
                yield return $"{others.Count} of {Findings.Count} images have warnings: see their JSON files.";
            else
                foreach (var finding in others)
                    yield return $"{finding.File}: {string.Join(' ', finding.Warnings)}";
        }
    }

    private static bool IsWithout(Finding finding) =>
        finding.Status is FindingStatus.Refused or FindingStatus.Failed;
}

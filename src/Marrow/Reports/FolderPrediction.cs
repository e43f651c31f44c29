using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Prediction;

namespace Marrow.Reports;

/// <summary>
/// What checkpoints say of many images, one after the other, written to a folder by <see cref="FindingFiles"/>. An
/// image that can't be read is a finding of its own, so that one broken file spoils no folder. When it ends early, by
/// an error or a cancellation, what was found is kept first.
/// </summary>
public static class FolderPrediction
{
    /// <summary>
    /// Throws <see cref="MarrowException"/>, before any work, when something that no prediction wrote is where a result
    /// would go.
    /// </summary>
    /// <param name="folder">Where the results go.</param>
    /// <param name="overlays">Whether overlays are drawn: they take more time and space than the rest.</param>
    public static FolderPredictionResult Run(
        PredictorSet predictor,
        ImageInputs inputs,
        string folder,
        bool overlays = true,
        Action<Progress>? progress = null,
        CancellationToken cancellation = default)
    {
        FindingFiles.RequireFree(folder, inputs.Images, overlays, predictor.GivesMasks);
        ProcessThreads.Current?.Apply();
        var files = new FindingFiles(folder, predictor.Columns, overlays);
        var found = new List<Finding>();
        try
        {
            foreach (var image in inputs.Images)
            {
                cancellation.ThrowIfCancellationRequested();
                var (finding, radiograph) = Read(predictor, image);
                files.Add(finding, radiograph);
                found.Add(finding.WithoutMask());
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
            predictions = found.Select(FindingJson.Document).ToList(),
            Skipped = inputs.LeftOut,
        };
        var parts = FindingText.Of(found, predictor.Columns, folder, overlays);
        return new(found, inputs.IsIncomplete, new(document, parts));
    }

    private static (Finding, Radiograph?) Read(PredictorSet predictor, string image)
    {
        try
        {
            return predictor.Predict(image);
        }
        catch (MarrowException e)
        {
            return (predictor.Failed(image, e.Message), null);
        }
    }
}

/// <summary>What was said of the images of a <see cref="FolderPrediction"/>.</summary>
public sealed class FolderPredictionResult
{
    private const int MostWarned = 5;

    internal FolderPredictionResult(IReadOnlyList<Finding> findings, bool isIncomplete, TextReport report) =>
        (Findings, IsWhole, Report) = (
            findings, !isIncomplete && findings.All(f => f.Status != FindingStatus.Failed), report);

    /// <summary>In the images' order; masks are in their files alone.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>False where an image was not measured, or where some may lie that nobody could look for.</summary>
    public bool IsWhole { get; }

    /// <summary>A table with a row an image, numbers as short as they mean something.</summary>
    public TextReport Report { get; }

    /// <summary>All that is to be known of a few images; of many only which were not measured.</summary>
    public IEnumerable<string> Warnings
    {
        get
        {
            foreach (var failed in Findings.Where(f => f.Status == FindingStatus.Failed))
                yield return failed.Warnings[0].StartsWith(failed.File, StringComparison.Ordinal)
                    ? failed.Warnings[0]
                    : $"{failed.File}: {failed.Warnings[0]}";
            var others = Findings.Where(f => f.Status != FindingStatus.Failed && f.Warnings.Count > 0).ToList();
            if (others.Count > MostWarned)
                yield return $"{others.Count} of {Findings.Count} images have warnings: see their JSON files.";
            else
                foreach (var finding in others)
                    yield return $"{finding.File}: {string.Join(' ', finding.Warnings)}";
        }
    }
}

using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Prediction;

namespace Marrow.Cli;

/// <summary>
/// What every kind of prediction does with many images: one after the other, progress, and what there is to warn of.
/// </summary>
internal static class PredictionLoop
{
    private const int MostWarned = 5;

    /// <summary>
    /// Findings in the images' order. An image that can't be read is a finding of its own, so that one broken file
    /// spoils no folder. When it ends early, by an error or a cancellation, what was found is kept first.
    /// </summary>
    /// <param name="write">Writes an image's own files, without a radiograph where it can't be read.</param>
    /// <param name="keep">Writes the table of all findings so far.</param>
    public static List<Finding> Run(
        IReadOnlyList<string> images,
        PredictorSet predictor,
        Action<Finding, Radiograph?> write,
        Action keep,
        Output output,
        CancellationToken cancellation)
    {
        ProcessThreads.Current?.Apply();
        var findings = ProgressDisplay.Show(output, ProgressUnit.Images, show =>
        {
            var found = new List<Finding>();
            try
            {
                foreach (var image in images)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var (finding, radiograph) = Read(image);
                    write(finding, radiograph);
                    found.Add(finding.WithoutMask());
                    show(new("predicting", found.Count, images.Count, ProgressUnit.Images));
                }
            }
            finally
            {
                if (found.Count > 0)
                    keep();
            }
            return found;
        });
        Warn(findings, output);
        return findings;

        (Finding, Radiograph?) Read(string image)
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

    /// <summary>Failed where an image was not measured, or where some may lie that nobody could look for.</summary>
    public static int CodeOf(IEnumerable<Finding> findings, ImageInputs inputs) =>
        inputs.IsIncomplete || findings.Any(f => f.Status == FindingStatus.Failed) ? ExitCode.Failed : ExitCode.Done;

    /// <summary>All that is to be known of a few images; of many only which were not measured.</summary>
    private static void Warn(IReadOnlyList<Finding> findings, Output output)
    {
        foreach (var failed in findings.Where(f => f.Status == FindingStatus.Failed))
            output.Warn(
                failed.Warnings[0].StartsWith(failed.File, StringComparison.Ordinal)
                    ? failed.Warnings[0]
                    : $"{failed.File}: {failed.Warnings[0]}");
        var others = findings.Where(f => f.Status != FindingStatus.Failed && f.Warnings.Count > 0).ToList();
        if (others.Count > MostWarned)
            output.Warn($"{others.Count} of {findings.Count} images have warnings: see their JSON files.");
        else
            others.ForEach(f => output.Warn($"{f.File}: {string.Join(' ', f.Warnings)}"));
    }
}

using Marrow.Prediction;

namespace Marrow.Cli;

/// <summary>What every kind of prediction does with many images: one after the other, progress, and what there is to warn of.</summary>
internal static class PredictionLoop
{
    private const int MostWarned = 5;

    /// <summary>Findings in the images' order. When it ends early, by an error or a cancellation, what was found is kept first.</summary>
    /// <param name="predict">Writes an image's own files too. It makes a finding of an image that can't be read, so that one broken file spoils no folder.</param>
    /// <param name="keep">Writes the table of all findings so far.</param>
    public static List<T> Run<T>(IReadOnlyList<string> images, Func<string, T> predict, Action keep, Output output, CancellationToken cancellation) => RunDisplay.Show(output, show =>
    {
        var found = new List<T>();
        try
        {
            foreach (var image in images)
            {
                cancellation.ThrowIfCancellationRequested();
                found.Add(predict(image));
                show(new() { Stage = "predicting", Step = found.Count, Steps = images.Count });
            }
        }
        finally
        {
            if (found.Count > 0)
                keep();
        }
        return found;
    });

    /// <summary>All that is to be known of a few images; of many only which could not be read.</summary>
    public static void Warn(IReadOnlyList<(string File, FindingStatus Status, IReadOnlyList<string> Warnings)> findings, Output output)
    {
        foreach (var failed in findings.Where(f => f.Status == FindingStatus.Failed))
            output.Warn(failed.Warnings[0]);
        var others = findings.Where(f => f.Status != FindingStatus.Failed && f.Warnings.Count > 0).ToList();
        if (others.Count > MostWarned)
            output.Warn($"{others.Count} of {findings.Count} images have warnings: see their JSON files.");
        else
            others.ForEach(f => output.Warn($"{f.File}: {string.Join(' ', f.Warnings)}"));
    }
}

using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Reports;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow predict with one checkpoint for classes, numbers or points.</summary>
internal static class PredictImages
{
    private const int MostWarned = 5;
    private const int MostColumns = 10; // of a drawn table; the CSV has all

    public static int Run(Checkpoint checkpoint, IReadOnlyList<string> images, string folder, Output output, CancellationToken cancellation)
    {
        using var predictor = new ImagePredictor(checkpoint);
        if (predictor.Masked.Count > 0)
            output.Warn($"{checkpoint.Name}: no label of {string.Join(", ", predictor.Masked)} was seen in training; left blank.");
        var files = new ImagePredictionFiles(folder, predictor.Columns);
        var findings = RunDisplay.Show(output, show =>
        {
            var found = new List<ImageFinding>();
            try
            {
                foreach (var image in images)
                {
                    cancellation.ThrowIfCancellationRequested();
                    found.Add(Predict(predictor, files, image));
                    show(new() { Stage = "predicting", Step = found.Count, Steps = images.Count });
                }
            }
            finally
            {
                if (found.Count > 0)
                    files.WriteCsv(); // What was found before a cancellation or a full disk is kept.
            }
            return found;
        });
        Warn(findings, output);
        output.Finish(new { folder, csv = files.CsvPath, predictions = findings.Select(ImagePredictionFiles.Document) }, console => Draw(console, predictor.Columns, [.. findings.Select(files.Row)], folder));
        return findings.Any(f => f.Status == FindingStatus.Failed) ? ExitCode.Failed : ExitCode.Done;
    }

    /// <summary>An image that can't be read is a finding of its own, so that one broken file spoils no folder.</summary>
    private static ImageFinding Predict(ImagePredictor predictor, ImagePredictionFiles files, string image)
    {
        ImageFinding finding;
        Radiograph? radiograph = null;
        try
        {
            (finding, radiograph) = predictor.Predict(image);
        }
        catch (MarrowException e)
        {
            finding = new() { File = image, Width = 0, Height = 0, Status = FindingStatus.Failed, Warnings = [e.Message] };
        }
        files.Add(finding, radiograph);
        return finding;
    }

    private static void Warn(List<ImageFinding> findings, Output output)
    {
        foreach (var failed in findings.Where(f => f.Status == FindingStatus.Failed))
            output.Warn(failed.Warnings[0]);
        var others = findings.Where(f => f.Status != FindingStatus.Failed && f.Warnings.Count > 0).ToList();
        if (others.Count > MostWarned)
            output.Warn($"{others.Count} of {findings.Count} images have warnings: see their JSON files.");
        else
            others.ForEach(f => output.Warn($"{f.File}: {string.Join(' ', f.Warnings)}"));
    }

    internal static void Draw(IAnsiConsole console, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows, string folder)
    {
        var shown = Math.Min(columns.Count, MostColumns);
        console.Draw([.. (string[])["file", .. columns.Take(shown), "status"]], [.. rows.Select(r => (IReadOnlyList<string>)[r[0], .. r.Skip(1).Take(shown), r[^1]])]);
        if (shown < columns.Count)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{columns.Count - shown} more columns in predictions.csv"));
        console.WriteLine($"written to {folder}");
    }
}

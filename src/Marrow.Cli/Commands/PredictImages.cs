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
    private const int MostColumns = 10; // of a drawn table; the CSV has all

    public static int Run(Checkpoint checkpoint, IReadOnlyList<string> images, string folder, Output output, CancellationToken cancellation)
    {
        using var predictor = new ImagePredictor(checkpoint);
        if (predictor.Masked.Count > 0)
            output.Warn($"{checkpoint.Name}: no label of {string.Join(", ", predictor.Masked)} was seen in training; left blank.");
        var files = new ImagePredictionFiles(folder, predictor.Columns);
        var findings = PredictionLoop.Run(images, image => Predict(predictor, files, image), files.WriteCsv, output, cancellation);
        PredictionLoop.Warn([.. findings.Select(f => (f.File, f.Status, f.Warnings))], output);
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

    internal static void Draw(IAnsiConsole console, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows, string folder)
    {
        var shown = Math.Min(columns.Count, MostColumns);
        console.Draw([.. (string[])["file", .. columns.Take(shown), "status"]], [.. rows.Select(r => (IReadOnlyList<string>)[r[0], .. r.Skip(1).Take(shown), r[^1]])]);
        if (shown < columns.Count)
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{columns.Count - shown} more columns in predictions.csv"));
        console.WriteLine($"written to {folder}");
    }
}

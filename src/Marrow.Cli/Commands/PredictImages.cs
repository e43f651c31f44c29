using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Prediction;
using Marrow.Reports;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow predict with one checkpoint for classes, numbers or points.</summary>
internal static class PredictImages
{
    private const int MostColumns = 10; // of a drawn table; the CSV has all

    /// <param name="detector">By which the checkpoint's images are cropped; null where it looks at whole ones.</param>
    public static int Run(Checkpoint checkpoint, Checkpoint? detector, PredictRequest request, Output output, CancellationToken cancellation)
    {
        request.RequireFree();
        using var predictor = new ImagePredictor(checkpoint, detector: detector);
        if (predictor.Masked.Count > 0)
            output.Warn($"{checkpoint.Name}: no label of {string.Join(", ", predictor.Masked)} was seen in training; left blank.");
        var files = new ImagePredictionFiles(request.Folder, predictor.Columns, request.Overlays);
        var findings = PredictionLoop.Run(request.Inputs.Images, predictor.Predict,
            (file, why) => new() { File = file, Width = 0, Height = 0, Status = FindingStatus.Failed, Warnings = [why] },
            (finding, radiograph) =>
            {
                files.Add(finding, radiograph);
                return finding;
            },
            files.WriteCsv, output, cancellation);
        output.Finish(new { request.Folder, csv = files.CsvPath, predictions = findings.Select(ImagePredictionFiles.Document), request.Inputs.Skipped }, console => Draw(console, predictor.Columns, [.. findings.Select(files.Row)], request.Folder));
        return PredictionLoop.CodeOf(findings, request.Inputs);
    }

    internal static void Draw(IAnsiConsole console, IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<string>> rows, string folder)
    {
        var shown = Math.Min(columns.Count, MostColumns);
        console.Draw([.. (string[])["file", .. columns.Take(shown), "status"]], [.. rows.Select(r => (IReadOnlyList<string>)[r[0], .. r.Skip(1).Take(shown), r[^1]])]);
        if (shown < columns.Count)
            console.Line(string.Create(CultureInfo.InvariantCulture, $"{columns.Count - shown} more columns in predictions.csv"));
        console.Line($"written to {folder}");
    }
}

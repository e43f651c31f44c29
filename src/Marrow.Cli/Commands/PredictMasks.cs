using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Reports;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow predict with one checkpoint for segmentation: masks, overlays, areas.</summary>
internal static class PredictMasks
{
    public static int Run(Checkpoint checkpoint, IReadOnlyList<string> images, string folder, Output output, CancellationToken cancellation)
    {
        using var predictor = new SegmentPredictor(checkpoint);
        var files = new MaskFiles(folder, predictor.Classes);
        var findings = PredictionLoop.Run(images, image => Predict(predictor, files, image), files.WriteCsv, output, cancellation);
        PredictionLoop.Warn([.. findings.Select(f => (f.File, f.Status, f.Warnings))], output);
        output.Finish(new { folder, csv = files.CsvPath, predictions = findings.Select(MaskFiles.Document) }, console =>
        {
            console.Draw(["file", .. predictor.Classes.Select(c => $"{c} %"), "confidence", "status"], [.. findings.Select(f => (IReadOnlyList<string>)
            [
                f.File,
                .. predictor.Classes.Select((_, i) => i < f.Regions.Count ? Number(100 * f.Regions[i].AreaShare, "0.00") : "-"),
                Number(f.Confidence, "0.00"),
                f.Status.ToString().ToLowerInvariant(),
            ])]);
            console.WriteLine($"masks and overlays are in {folder}; % is the share of the image's area");
        });
        return findings.Any(f => f.Status == FindingStatus.Failed) ? ExitCode.Failed : ExitCode.Done;
    }

    private static SegmentFinding Predict(SegmentPredictor predictor, MaskFiles files, string image)
    {
        SegmentFinding finding;
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
        return finding with { Mask = [] };
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

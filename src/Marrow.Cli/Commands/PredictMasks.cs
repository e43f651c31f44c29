using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Prediction;
using Marrow.Reports;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow predict with one checkpoint for segmentation: masks, overlays, areas.</summary>
internal static class PredictMasks
{
    public static int Run(Checkpoint checkpoint, PredictRequest request, Output output, CancellationToken cancellation)
    {
        request.RequireFree(ResultFolder.Mask);
        using var predictor = new SegmentPredictor(checkpoint);
        var files = new MaskFiles(request.Folder, predictor.Classes, request.Overlays);
        var findings = PredictionLoop.Run(request.Inputs.Images, predictor.Predict,
            (file, why) => new() { File = file, Width = 0, Height = 0, Status = FindingStatus.Failed, Warnings = [why] },
            (finding, radiograph) =>
            {
                files.Add(finding, radiograph);
                return finding with { Mask = [] };
            },
            files.WriteCsv, output, cancellation);
        output.Finish(new { request.Folder, csv = files.CsvPath, predictions = findings.Select(MaskFiles.Document), request.Inputs.Skipped }, console =>
        {
            console.Draw(["file", .. predictor.Classes.Select(c => $"{c} %"), "confidence", "status"], [.. findings.Select(f => (IReadOnlyList<string>)
            [
                f.File,
                .. predictor.Classes.Select((_, i) => i < f.Regions.Count ? Number(100 * f.Regions[i].AreaShare, "0.00") : "-"),
                Number(f.Confidence, "0.00"),
                f.Status.ToString().ToLowerInvariant(),
            ])]);
            console.Line($"{(request.Overlays ? "masks and overlays are" : "masks are")} in {request.Folder}; % is the share of the image's area");
        });
        return PredictionLoop.CodeOf(findings, request.Inputs);
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

using System.CommandLine;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Tasks;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow predict: what checkpoints say of images, as CSV, JSON, overlays and masks; without a name vertebrae and Cobb angles.</summary>
internal static class PredictCommand
{
    /// <summary>What one checkpoint of each task does; a detector, a regressor of angles or both measure spines.</summary>
    private static readonly Dictionary<string, Func<Checkpoint, Checkpoint?, PredictRequest, Output, CancellationToken, int>> ByTask = new()
    {
        [CheckpointTask.Classify] = PredictImages.Run,
        [CheckpointTask.Regress] = PredictImages.Run,
        [CheckpointTask.Points] = PredictImages.Run,
        [CheckpointTask.Segment] = (checkpoint, _, request, output, cancellation) => PredictMasks.Run(checkpoint, request, output, cancellation),
    };

    public static Command Create()
    {
        var inputs = new Argument<string[]>("IMAGE") { Description = $"Images ({ImageKinds.Names}) or folders of them.", Arity = ArgumentArity.OneOrMore };
        var checkpoint = new Option<string[]>("--checkpoint")
        {
            Description = "One checkpoint of any task; or a detector of vertebrae with a regressor of angles, a refiner of its corners, or both. Without it the newest of the hub that measure a spine together.",
            HelpName = "NAME",
            DefaultValueFactory = _ => [],
        };
        var folder = new Option<string>("--out") { Description = "Where predictions.csv, a JSON file, an overlay and a mask for each image go.", HelpName = "DIR", DefaultValueFactory = _ => "predictions" };
        var noOverlay = new Option<bool>("--no-overlay") { Description = "Draw no overlays: they take more time and space than the rest of what is written." };
        var hub = HubFolder.Option();
        return new Command("predict", "Say what checkpoints see on images: classes, numbers, points, masks, or the vertebrae and Cobb angles of spines.") { inputs, checkpoint, folder, noOverlay, hub }.Computes()
            .WithExamples(
                "marrow predict scan.jpg",
                "marrow predict films/ --out results --checkpoint retinanet-densenet121.spineweb16 --checkpoint cobb-densenet121.spineweb16",
                "marrow predict knees/ --checkpoint points-densenet121.knees",
                "marrow predict films/ --checkpoint segment-densenet121.spineweb16 --out masks",
                "marrow predict films/ --no-overlay",
                "marrow predict scan.png --json")
            .Does((parsed, output, cancellation) => Run(
                new(PredictInputs.Of(parsed.GetRequiredValue(inputs), cancellation), parsed.GetRequiredValue(folder), !parsed.GetValue(noOverlay)),
                parsed.GetRequiredValue(checkpoint), new LocalHub(HubFolder.Of(parsed, hub)), output, cancellation));
    }

    private static int Run(PredictRequest request, IReadOnlyList<string> names, LocalHub hub, Output output, CancellationToken cancellation)
    {
        request.Inputs.Warn(output);
        var checkpoints = new List<Checkpoint>();
        try
        {
            var references = new CheckpointReferences(hub, output, cancellation);
            foreach (var name in names.Count > 0 ? names : SpineCheckpoints.Newest(hub))
                checkpoints.Add(references.Resolve(name));
            var only = checkpoints is [var one] ? one : null;
            CropDetectors.Complete(checkpoints, hub);
            if (only is not null && only.Config.Input.Crop is not { Region: CropRegion.Vertebra } && ByTask.TryGetValue(only.Config.Task, out var predict))
                return predict(only, checkpoints.FirstOrDefault(c => c != only), request, output, cancellation);
            request.RequireFree();
            using var predictor = new SpinePredictor(checkpoints);
            var files = new PredictionFiles(request.Folder, request.Overlays);
            var findings = PredictionLoop.Run(request.Inputs.Images, predictor.Predict,
                (file, why) => new() { File = file, Width = 0, Height = 0, Status = FindingStatus.Failed, Warnings = [why] },
                (finding, radiograph) =>
                {
                    files.Add(finding, radiograph);
                    return finding;
                },
                files.WriteCsv, output, cancellation);
            output.Finish(new { request.Folder, csv = files.CsvPath, predictions = findings.Select(PredictionFiles.Document), request.Inputs.Skipped }, console => Draw(console, findings, request.Folder));
            return PredictionLoop.CodeOf(findings, request.Inputs);
        }
        finally
        {
            checkpoints.ForEach(c => c.Dispose());
        }
    }

    internal static void Draw(IAnsiConsole console, IReadOnlyList<SpineFinding> findings, string folder)
    {
        console.Draw(["file", "cobb1", "cobb2", "cobb3", "severity", "vertebrae", "confidence", "status"], [.. findings.Select(f => (IReadOnlyList<string>)
        [
            f.File,
            .. Enumerable.Range(0, 3).Select(i => i < f.CobbDegrees.Count ? Number(f.CobbDegrees[i], "0.0") : "-"),
            f.Severity?.ToString().ToLowerInvariant() ?? "",
            Number(f.Vertebrae.Count, "0"),
            Number(f.Confidence, "0.00"),
            f.Status.ToString().ToLowerInvariant(),
        ])]);
        console.Line($"written to {folder}");
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

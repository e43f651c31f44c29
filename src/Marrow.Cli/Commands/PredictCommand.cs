using System.CommandLine;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Tensors;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow predict: what checkpoints say of images, as CSV, JSON, overlays and masks; without a name vertebrae and Cobb angles.</summary>
internal static class PredictCommand
{
    /// <summary>What one checkpoint of each task does; a detector, a regressor of angles or both measure spines.</summary>
    private static readonly Dictionary<string, Func<Checkpoint, Checkpoint?, IReadOnlyList<string>, string, Output, CancellationToken, int>> ByTask = new()
    {
        [CheckpointTask.Classify] = PredictImages.Run,
        [CheckpointTask.Regress] = PredictImages.Run,
        [CheckpointTask.Points] = PredictImages.Run,
        [CheckpointTask.Segment] = (checkpoint, _, images, folder, output, cancellation) => PredictMasks.Run(checkpoint, images, folder, output, cancellation),
    };

    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];

    public static Command Create()
    {
        var inputs = new Argument<string[]>("IMAGE") { Description = "Images (PNG, JPEG) or folders of them.", Arity = ArgumentArity.OneOrMore };
        var checkpoint = new Option<string[]>("--checkpoint")
        {
            Description = "One checkpoint of any task; or a detector of vertebrae with a regressor of angles, a refiner of its corners, or both. Without it the newest of the hub that measure a spine together.",
            HelpName = "NAME",
            DefaultValueFactory = _ => [],
        };
        var folder = new Option<string>("--out") { Description = "Where predictions.csv, a JSON file, an overlay and a mask for each image go.", HelpName = "DIR", DefaultValueFactory = _ => "predictions" };
        var hub = HubFolder.Option();
        return new Command("predict", "Say what checkpoints see on images: classes, numbers, points, masks, or the vertebrae and Cobb angles of spines.") { inputs, checkpoint, folder, hub }
            .WithExamples(
                "marrow predict scan.jpg",
                "marrow predict films/ --out results --checkpoint retinanet-densenet121.spineweb16 --checkpoint cobb-densenet121.spineweb16",
                "marrow predict knees/ --checkpoint points-densenet121.knees",
                "marrow predict films/ --checkpoint segment-densenet121.spineweb16 --out masks",
                "marrow predict scan.png --json")
            .Does((parsed, output, cancellation) => Run(
                Images(parsed.GetRequiredValue(inputs)), parsed.GetRequiredValue(checkpoint), new LocalHub(HubFolder.Of(parsed, hub)), parsed.GetRequiredValue(folder), output, cancellation));
    }

    private static int Run(IReadOnlyList<string> images, IReadOnlyList<string> names, LocalHub hub, string folder, Output output, CancellationToken cancellation)
    {
        var checkpoints = new List<Checkpoint>();
        try
        {
            var references = new CheckpointReferences(hub, output, cancellation);
            foreach (var name in names.Count > 0 ? names : SpineCheckpoints.Newest(hub))
                checkpoints.Add(references.Resolve(name));
            var only = checkpoints is [var one] ? one : null;
            CropDetectors.Complete(checkpoints, hub);
            if (only is not null && only.Config.Input.Crop is not { Region: CropRegion.Vertebra } && ByTask.TryGetValue(only.Config.Task, out var predict))
                return predict(only, checkpoints.FirstOrDefault(c => c != only), images, folder, output, cancellation);
            using var predictor = new SpinePredictor(checkpoints);
            var files = new PredictionFiles(folder);
            var findings = PredictionLoop.Run(images, predictor.Predict,
                (file, why) => new() { File = file, Width = 0, Height = 0, Status = FindingStatus.Failed, Warnings = [why] },
                (finding, radiograph) =>
                {
                    files.Add(finding, radiograph);
                    return finding;
                },
                files.WriteCsv, output, cancellation);
            output.Finish(new { folder, csv = files.CsvPath, predictions = findings.Select(PredictionFiles.Document) }, console => Draw(console, findings, folder));
            return PredictionLoop.CodeOf(findings);
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

    /// <summary>Files as they are named; folders give their images in the order of their names, subfolders too.</summary>
    internal static IReadOnlyList<string> Images(IReadOnlyList<string> inputs)
    {
        var images = new List<string>();
        foreach (var input in inputs)
        {
            if (!Directory.Exists(input))
            {
                if (!File.Exists(input))
                    throw MarrowException.Bad(input, "an image or a folder", "nothing of that name", "Check the path.");
                images.Add(input);
                continue;
            }
            var found = Directory.EnumerateFiles(input, "*", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true })
                .Where(file => Extensions.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal).ToList();
            if (found.Count == 0)
                throw MarrowException.Bad(input, $"a folder with images ({string.Join(", ", Extensions)})", "none", "Name the folder that holds them.");
            images.AddRange(found);
        }
        return images;
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}

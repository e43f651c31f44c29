using System.CommandLine;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Reports;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow predict: vertebrae and Cobb angles of radiographs, as CSV, JSON and overlays.</summary>
internal static class PredictCommand
{
    private const int MostWarned = 5;
    private static readonly string[] Extensions = [".png", ".jpg", ".jpeg"];

    public static Command Create()
    {
        var inputs = new Argument<string[]>("IMAGE") { Description = "Images (PNG, JPEG) or folders of them.", Arity = ArgumentArity.OneOrMore };
        var checkpoint = new Option<string[]>("--checkpoint")
        {
            Description = "A detector of vertebrae, a regressor of angles, a refiner of the detector's corners, as many of them as there are. Without it the newest of the hub that go together.",
            HelpName = "NAME",
            DefaultValueFactory = _ => [],
        };
        var folder = new Option<string>("--out") { Description = "Where predictions.csv, a JSON file and an overlay for each image go.", HelpName = "DIR", DefaultValueFactory = _ => "predictions" };
        var hub = HubFolder.Option();
        return new Command("predict", "Find the vertebrae and measure the Cobb angles of spine radiographs.") { inputs, checkpoint, folder, hub }
            .WithExamples(
                "marrow predict scan.jpg",
                "marrow predict films/ --out results --checkpoint retinanet-densenet121.spineweb16 --checkpoint cobb-densenet121.spineweb16",
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
            CropDetectors.Complete(checkpoints, hub);
            using var predictor = new SpinePredictor(checkpoints);
            var files = new PredictionFiles(folder);
            var findings = RunDisplay.Show(output, show =>
            {
                var found = new List<SpineFinding>();
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
            output.Finish(new { folder, csv = files.CsvPath, predictions = findings.Select(PredictionFiles.Document) }, console => Draw(console, findings, folder));
            return findings.Any(f => f.Status == FindingStatus.Failed) ? ExitCode.Failed : ExitCode.Done;
        }
        finally
        {
            checkpoints.ForEach(c => c.Dispose());
        }
    }

    /// <summary>All that is to be known of a few images; of many only which could not be read.</summary>
    private static void Warn(List<SpineFinding> findings, Output output)
    {
        foreach (var failed in findings.Where(f => f.Status == FindingStatus.Failed))
            output.Warn(failed.Warnings[0]);
        var others = findings.Where(f => f.Status != FindingStatus.Failed && f.Warnings.Count > 0).ToList();
        if (others.Count > MostWarned)
            output.Warn($"{others.Count} of {findings.Count} images have warnings: see their JSON files.");
        else
            others.ForEach(f => output.Warn($"{f.File}: {string.Join(' ', f.Warnings)}"));
    }

    /// <summary>An image that can't be read is a finding of its own, so that one broken file spoils no folder.</summary>
    private static SpineFinding Predict(SpinePredictor predictor, PredictionFiles files, string image)
    {
        SpineFinding finding;
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
        console.WriteLine($"written to {folder}");
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

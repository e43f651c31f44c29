using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Imaging;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub export: a checkpoint as a file, or a folder, that other programs read.</summary>
internal static class HubExportCommand
{
    private static readonly Dictionary<string, ExportFormat> Formats = new()
    {
        ["safetensors"] = ExportFormat.Safetensors,
        ["pth"] = ExportFormat.Pth,
        ["onnx"] = ExportFormat.Onnx,
        ["bundle"] = ExportFormat.Bundle,
    };

    private static readonly Dictionary<string, WeightPrecision> Precisions = new()
    {
        ["f32"] = WeightPrecision.Float32,
        ["bf16"] = WeightPrecision.BFloat16,
    };

    public static Command Create()
    {
        var name = HubCommand.Reference();
        var format = new Option<string>("--format")
        {
            Description =
                "safetensors (weights), pth (for torch.load), onnx (the computation), or bundle (a folder with all "
                    + "three, as Hugging Face and MONAI lay one out).",
            Required = true,
        };
        var path = new Option<string?>("--out")
        {
            Description = "The file, or a bundle's folder, to write. Without it the checkpoint's name, here.",
            HelpName = "PATH",
        };
        var decode = new Option<bool>("--decode")
        {
            Description =
                "ONNX gives probabilities, boxes and corners in input pixels in place of the model's raw numbers.",
        };
        var precision = new Option<string?>("--precision")
        {
            Description =
                "Type of matrices and kernels. Without it: as stored for safetensors, f32 for pth. ONNX is f32.",
        };
        var tolerance = new Option<double>("--tolerance")
        {
            Description =
                "Largest difference allowed between ONNX Runtime and Marrow, as a share of the output's largest "
                    + "magnitude.",
            HelpName = "SHARE",
            DefaultValueFactory = _ => ExportRequest.DefaultTolerance,
        };
        var images = new Option<string[]>("--check-images")
        {
            Description = "Images or folders of them on which both are compared, 16 at most. Without it phantoms.",
            HelpName = "DIR",
            DefaultValueFactory = _ => [],
        };
        var overwrite = new Option<bool>("--overwrite") { Description = "Replace what is there." };
        var hub = HubFolder.Option();
        format.AcceptOnlyFromAmong([.. Formats.Keys]);
        precision.AcceptOnlyFromAmong([.. Precisions.Keys]);
        return new Command("export", "Write a checkpoint for other programs: PyTorch, ONNX, Hugging Face, MONAI.")
        {
            name,
            format,
            path,
            decode,
            precision,
            tolerance,
            images,
            overwrite,
            hub,
        }
            .WithExamples(
                "marrow hub export densenet121.cxr-pediatric --format pth",
                "marrow hub export retinanet-densenet121.spineweb16 --format onnx --decode --check-images films/",
                "marrow hub export densenet121.cxr-pediatric --format bundle --out exported/cxr --overwrite")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var request = new ExportRequest
                    {
                        Format = Formats[parsed.GetRequiredValue(format)],
                        Path = parsed.GetValue(path),
                        Decode = parsed.GetValue(decode),
                        Precision = parsed.GetValue(precision) is { } given ? Precisions[given] : null,
                        Tolerance = parsed.GetValue(tolerance),
                        CheckImages = parsed.GetValue(images) is { Length: > 0 } named
                            ? ImageInputs.Of(named).Images
                            : [],
                        Overwrite = parsed.GetValue(overwrite),
                    };
                    RequirePossible(request);
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    using var checkpoint = new CheckpointReferences(store, output, cancellation).Resolve(
                        parsed.GetRequiredValue(name));
                    return Run(checkpoint, request, output, cancellation);
                }
            );
    }

    /// <summary>Options that would do nothing are no options.</summary>
    private static void RequirePossible(ExportRequest request)
    {
        var onnx = request.Format is ExportFormat.Onnx or ExportFormat.Bundle;
        if (!onnx && (request.Decode || request.CheckImages.Count > 0))
            throw new UsageException("--decode and --check-images go with --format onnx or bundle.");
        if (request is { Format: ExportFormat.Onnx, Precision: not (null or WeightPrecision.Float32) })
            throw new UsageException("--precision bf16: ONNX files are f32. Leave it out.");
        if (!(request.Tolerance is > 0 and < 1))
            throw new UsageException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"--tolerance {request.Tolerance}: expected a share over 0 and under 1."));
    }

    private static int Run(Checkpoint checkpoint, ExportRequest request, Output output, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var result = Exporter.Run(checkpoint, request, output.Note, cancellation);
        var seconds = watch.Elapsed.TotalSeconds;
        foreach (var breach in Licenses.Breaches(result.License, result.Ancestors))
            output.Warn($"{checkpoint.Name} is under {result.License}, but {breach}.");
        output.Finish(
            new
            {
                checkpoint.Name,
                checkpoint.Digest,
                result.Format,
                result.Path,
                result.Files,
                result.Bytes,
                Seconds = seconds,
                result.License,
                result.Ancestors,
                result.Comparison,
            },
            console => Draw(console, checkpoint, result, seconds));
        return ExitCode.Done;
    }

    private static void Draw(IAnsiConsole console, Checkpoint checkpoint, ExportResult result, double seconds)
    {
        var facts = new List<(string Name, string Value)>
        {
            ("checkpoint", $"{checkpoint.Name} {Digest.Shorten(checkpoint.Digest)}"),
            ("size", $"{NumberText.MiB(result.Bytes)} MiB"),
            ("seconds", NumberText.Of(seconds, "0.0")),
            ("licence", result.License),
        };
        facts.AddRange(result.Ancestors.Select(a => ("made from", ExportTerms.Describe(a))));
        if (checkpoint.Config.Outputs.Where(o => !o.Trained).Select(o => o.Name).ToList() is { Count: > 0 } untrained)
            facts.Add(("untrained", string.Join(", ", untrained)));
        if (result.Files.Count > 1)
            facts.AddRange(result.Files.Select(f => ("file", f)));
        console.DrawFacts(result.Path, facts);
        if (result.Comparison is not { } comparison)
            return;
        console.Line(
            $"{comparison.Runtime} against Marrow on {comparison.Images}; up to "
                + $"{NumberText.Of(comparison.Tolerance, "G3")} of the largest magnitude is allowed:"
        );
        console.Draw(["output", "largest", "difference", "relative"], [.. comparison.Outputs.Select(Row)]);
    }

    private static IReadOnlyList<string> Row(OutputDifference output) =>
        [
            output.Name,
            NumberText.Of(output.Largest, "G4"),
            NumberText.Of(output.Absolute, "G2"),
            NumberText.Of(output.Relative, "G2"),
        ];
}

using System.CommandLine;
using System.Globalization;
using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Imaging;

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
                "marrow hub export retinanet-resnet16-mlnet.spineweb16 --format onnx --decode --check-images films/",
                "marrow hub export densenet121.cxr-pediatric --format bundle --out exported/cxr --overwrite")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var kind = Formats[parsed.GetRequiredValue(format)];
                    WeightPrecision? type = parsed.GetValue(precision) is { } given ? Precisions[given] : null;
                    var (isDecoded, most) = (parsed.GetValue(decode), parsed.GetValue(tolerance));
                    var compared = parsed.GetValue(images) is { Length: > 0 } named ? ImageInputs.Of(named).Images : [];
                    RequirePossible(kind, type, isDecoded || compared.Count > 0, most);
                    var request = new ExportRequest
                    {
                        Format = kind,
                        Path = parsed.GetValue(path),
                        Decode = isDecoded,
                        Precision = type,
                        Tolerance = most,
                        CheckImages = compared,
                        Overwrite = parsed.GetValue(overwrite),
                    };
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    using var checkpoint = new CheckpointReferences(store, output, cancellation).Resolve(
                        parsed.GetRequiredValue(name));
                    var result = Exporter.Run(checkpoint, request, output.Note, cancellation);
                    foreach (var warning in result.Warnings)
                        output.Warn(warning);
                    output.Finish(result.Report);
                    return ExitCode.Done;
                }
            );
    }

    /// <summary>Options that would do nothing are no options.</summary>
    private static void RequirePossible(
        ExportFormat format, WeightPrecision? precision, bool hasOnnxOptions, double tolerance)
    {
        if (hasOnnxOptions && format is not (ExportFormat.Onnx or ExportFormat.Bundle))
            throw new UsageException("--decode and --check-images go with --format onnx or bundle.");
        if (format == ExportFormat.Onnx && precision is not (null or WeightPrecision.Float32))
            throw new UsageException("--precision bf16: ONNX files are f32. Leave it out.");
        if (!(tolerance is > 0 and < 1))
            throw new UsageException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"--tolerance {tolerance}: expected a share over 0 and under 1."));
    }
}

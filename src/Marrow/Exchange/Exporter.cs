using System.Diagnostics;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Exchange.Onnx;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>
/// Exports checkpoints to files that other programs read. A half-written file is never visible, and an existing file is
/// replaced only on request.
/// </summary>
public static class Exporter
{
    /// <summary>
    /// Writes the export. Throws <see cref="MarrowException"/> and leaves nothing behind when the checkpoint is a bare
    /// file of weights, when ONNX is asked of a user's own module, when the target exists and may not be replaced, when
    /// it can't be written, and when ONNX Runtime computes something else than Marrow.
    /// </summary>
    /// <param name="say">Called with a description of each step, such as "writing models/model.onnx".</param>
    public static ExportResult Run(
        Checkpoint checkpoint,
        ExportRequest request,
        Action<string>? say = null,
        CancellationToken cancellation = default)
    {
        if (checkpoint.WeightsOnly)
            throw MarrowException.Bad(
                checkpoint.Path,
                "a checkpoint with its config.json",
                "weights alone, of which nobody knows what they expect, give and may be used for",
                "Name a whole checkpoint, or import the weights first.");
        if (checkpoint.Config.IsOwnModule && request.Format is ExportFormat.Onnx or ExportFormat.Bundle)
            throw MarrowException.Unsupported(
                checkpoint.Path,
                "an architecture whose computation Marrow knows",
                $"'{checkpoint.Config.Model.Architecture}', a module of its maker's own",
                "Export its weights as safetensors or pth.");
        if (request.Format == ExportFormat.Onnx && request.Precision is not (null or WeightPrecision.Float32))
            throw new MarrowException(
                $"Precision {request.Precision}: ONNX files are written in Float32, in which every runtime computes. "
                    + $"Leave the precision out."
            );
        if (!(request.Tolerance is > 0 and < 1))
            throw new MarrowException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"Tolerance {request.Tolerance}: expected a share of the largest magnitude, over 0 and under 1."));

        var watch = Stopwatch.StartNew();
        var path = Target(checkpoint, request);
        if (request.Format == ExportFormat.Bundle)
        {
            path = Path.TrimEndingDirectorySeparator(path);
            var (files, bytes, compared) = BundleExport.Write(path, checkpoint, request, say, cancellation);
            return new(checkpoint, request.Format, path, files, bytes, compared, watch.Elapsed.TotalSeconds);
        }
        say?.Invoke($"writing {path}");
        OnnxComparison? comparison = null;
        switch (request.Format)
        {
            case ExportFormat.Safetensors:
                WriteSafetensors(path, checkpoint, request);
                break;
            case ExportFormat.Pth:
                WritePyTorch(path, checkpoint, request);
                break;
            case ExportFormat.Onnx:
                comparison = OnnxExport.Write(path, checkpoint, request, cancellation);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(request), request.Format, "No such format.");
        }
        return new(
            checkpoint,
            request.Format,
            path,
            [Path.GetFileName(path)],
            new FileInfo(path).Length,
            comparison,
            watch.Elapsed.TotalSeconds);
    }

    internal static void WriteSafetensors(string path, Checkpoint checkpoint, ExportRequest request)
    {
        using var scope = torch.NewDisposeScope();
        var weights = ExportWeights.Read(checkpoint, request.Precision ?? WeightPrecision.Stored);
        Safetensors.Write(path, weights, ExportMetadata.Of(checkpoint, weights));
    }

    internal static void WritePyTorch(string path, Checkpoint checkpoint, ExportRequest request)
    {
        using var scope = torch.NewDisposeScope();
        var weights = ExportWeights.Read(checkpoint, request.Precision ?? WeightPrecision.Float32);
        AtomicFile.Write(path, stream => PyTorchWriter.Write(stream, weights, ExportMetadata.Of(checkpoint, weights)));
    }

    private static string Target(Checkpoint checkpoint, ExportRequest request)
    {
        var usual = request.Format switch
        {
            ExportFormat.Safetensors => $"{checkpoint.Name}.safetensors",
            ExportFormat.Pth => $"{checkpoint.Name}.pth",
            ExportFormat.Onnx => $"{checkpoint.Name}.onnx",
            _ => checkpoint.Name,
        };
        var path = request.Path ?? usual;
        if (request.Format != ExportFormat.Bundle && Directory.Exists(path))
            path = Path.Combine(path, usual);
        if (!request.Overwrite && Path.Exists(path))
            throw MarrowException.Conflict(
                path,
                "a path that nothing is at",
                Directory.Exists(path) ? "a folder" : "a file",
                "Name another with --out, or replace it with --overwrite.");
        return path;
    }
}

using Marrow.Checkpoints;
using Marrow.Onnx;
using Microsoft.ML.OnnxRuntime;

namespace Marrow.Exchange.Onnx;

/// <summary>
/// Exports a checkpoint as an ONNX file, and checks that ONNX Runtime computes the same from it as Marrow.
/// </summary>
internal static class OnnxExport
{
    /// <summary>
    /// Writes the file beside <paramref name="path"/>, runs it, adds the comparison to its metadata and then renames
    /// it. Throws <see cref="MarrowException"/>, leaving nothing behind, when an output differs too much.
    /// </summary>
    public static OnnxComparison Write(
        string path,
        Checkpoint checkpoint,
        ExportRequest request,
        CancellationToken cancellation)
    {
        using var model = checkpoint.BuildModel();
        var graph = OnnxModel.Build(checkpoint.Config, model, request.Decode);
        var weights = ModelWeights.Of(model);
        var metadata = ExportMetadata.Of(checkpoint, weights);
        metadata[ExportedWeights.Unused] = ExportedWeights.Beside(graph, weights);
        metadata["outputs"] = ExportMetadata.Json(
            graph.Outputs.Select(o => new
            {
                o.Name,
                o.Shape,
                o.Unit,
                o.Meaning,
            }));
        OnnxComparison? comparison = null;
        AtomicFile.Write(path, stream => graph.Write(stream, Description(checkpoint), metadata), temporary =>
        {
            comparison = Compare(temporary);
            OnnxRun.Require(path, comparison);
#pragma warning disable RS0030 // What was written a moment ago is added to.
            using var stream = new FileStream(temporary, FileMode.Append, FileAccess.Write);
#pragma warning restore RS0030
            OnnxGraph.WriteMetadata(
                stream,
                new Dictionary<string, string> { ["comparison"] = ExportMetadata.Json(comparison) }
            );
            Disk.Flush(stream);
        }
        );
        return comparison!;

        OnnxComparison Compare(string file)
        {
            try
            {
                return OnnxRun.Compare(file, graph, checkpoint.Config, model, request, cancellation);
            }
            catch (OnnxRuntimeException e)
            {
                throw new MarrowException(
                    $"{path}: ONNX Runtime can't run it ({e.Message.Split('\n')[0]}). Nothing was written.",
                    e);
            }
            catch (Exception e) when (e is TypeInitializationException or DllNotFoundException)
            {
                throw new MarrowException(
                    $"{path}: ONNX Runtime's native library is not here, so the file can't be checked. Reference the "
                        + $"package Microsoft.ML.OnnxRuntime in the executable. Nothing was written.",
                    e);
            }
        }
    }

    private static string Description(Checkpoint checkpoint) =>
        $"{checkpoint.Name}@{checkpoint.Digest}, task {checkpoint.Config.Task}, licence {checkpoint.License}. Input: "
            + $"{ExportMetadata.Preprocessing(checkpoint.Config.Input)}";
}

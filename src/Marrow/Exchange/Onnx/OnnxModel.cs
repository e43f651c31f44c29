using System.Globalization;
using Marrow.Onnx;
using Marrow.Tasks;
using static TorchSharp.torch;

namespace Marrow.Exchange.Onnx;

/// <summary>
/// Builds a checkpoint's model as an ONNX graph. Its input is an image tensor [N, C, H, W] of the contract's size with
/// any N; its outputs are those of the task.
/// </summary>
internal static class OnnxModel
{
    public const string InputName = "image";

    /// <summary>
    /// Throws <see cref="MarrowException"/> for a model, or a backbone, that can't be written as ONNX nodes.
    /// </summary>
    /// <param name="decode">True to return probabilities, boxes and corners in place of raw numbers.</param>
    public static OnnxGraph Build(CheckpointConfig config, nn.Module model, bool decode)
    {
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var (graph, input) = (new OnnxGraph(config.Model.Architecture), config.Input);
        IReadOnlyList<string> shape =
            [OnnxSheet.BatchSize, Text(input.Channels), Text(input.Height), Text(input.Width)];
        var image = graph.Input(new(InputName, OnnxType.Float32, shape,
            "normalised grey value", ExportMetadata.Preprocessing(input)));
        Writer(config).Write(new(new OnnxLayers(graph, model), image, config, decode), model);
        return graph;
    }

    /// <summary>Returns the writer of the outputs of the config's task.</summary>
    public static TaskOnnx Writer(CheckpointConfig config) => TaskCatalogue.Find(config.Task)?.Onnx
        ?? throw MarrowException.Bad(config.Model.Architecture,
            $"a model of a task that can be written as ONNX: "
                + $"{string.Join(", ", TaskCatalogue.Names(t => t.Onnx is not null))}",
            config.Task, "Export it as safetensors or pth.");

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

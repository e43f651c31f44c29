using System.Globalization;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Exchange.Onnx;

/// <summary>A checkpoint's model as an ONNX graph: image [N, C, H, W] of the contract's size, any N -> outputs.</summary>
internal static class OnnxModel
{
    public const string InputName = "image";
    private const string BatchSize = "N";

    /// <param name="decode">Probabilities, boxes and corners in place of raw numbers.</param>
    public static OnnxGraph Build(CheckpointConfig config, nn.Module model, bool decode)
    {
        var graph = new OnnxGraph(config.Model.Architecture);
        var layers = new OnnxLayers(graph, model);
        var input = config.Input;
        var image = graph.Input(new(InputName, OnnxType.Float32, [BatchSize, Text(input.Channels), Text(input.Height), Text(input.Width)], "normalised grey value", ExportMetadata.Preprocessing(input)));
        using var scope = NewDisposeScope();
        using var noGradients = no_grad();
        var blank = zeros(1, input.Channels, input.Height, input.Width, device: CPU);
        switch (model)
        {
            case Classifier:
                Classify(graph, OnnxClassifier.Logits(layers, image), config, decode);
                break;
            case RetinaNet detector:
                using (var output = detector.forward(blank))
                    Detect(graph, layers, image, config, output.Anchors, decode);
                break;
            case CobbRegressor regressor:
                var cells = regressor.Features.forward(blank).shape;
                var angles = OnnxCobb.Angles(layers, image, (int)cells[2], (int)cells[3]);
                graph.Output(new(angles, OnnxType.Float32, [BatchSize, Text(config.Model.Outputs)], "degree", Named("Cobb angles", config)));
                break;
            case NumberRegressor regressor:
                graph.Output(new(OnnxNumbers.Numbers(layers, image, regressor), OnnxType.Float32, [BatchSize, Text(config.Model.Outputs)], "of each number", Named("Numbers", config)));
                break;
            case PointLocator:
                graph.Output(new(OnnxPoints.Points(layers, image, input.Width, input.Height), OnnxType.Float32, [BatchSize, Text(config.Model.Outputs), "3"], "input pixel", Named("x, y and score (0 to 1) of each point", config)));
                break;
            case SegmentationNet:
                Segment(graph, OnnxSegment.Logits(layers, image, input.Height, input.Width), config, decode);
                break;
            default:
                throw MarrowException.Bad(config.Model.Architecture, "a classifier, a detector, a regressor, a locator of points or a segmentation", model.GetName(), "Export it as safetensors or pth.");
        }
        return graph;
    }

    private static void Classify(OnnxGraph graph, string logits, CheckpointConfig config, bool decode)
    {
        if (decode)
            graph.Output(new(OnnxDecoding.Probabilities(graph, logits, config.Layout), OnnxType.Float32, [BatchSize, Text(config.Classes.Count)], "probability", Named("Probabilities, 0 to 1,", config)));
        else
            graph.Output(new(logits, OnnxType.Float32, [BatchSize, Text(config.Classes.Count)], "logit", Named(config.ExclusiveClasses ? "A softmax gives the probabilities" : "A sigmoid gives the probabilities", config)));
    }

    private static void Detect(OnnxGraph graph, OnnxLayers layers, string image, CheckpointConfig config, AnchorGrid anchors, bool decode)
    {
        var spec = config.Model.Detector!;
        var (count, classes) = (Text(anchors.Boxes.Length), Text(spec.Classes));
        var (logits, deltas, offsets) = OnnxRetinaNet.Heads(layers, image, spec);
        if (!decode)
        {
            graph.Output(new(logits, OnnxType.Float32, [BatchSize, count, classes], "logit", Named("A sigmoid gives the score of each anchor", config)));
            graph.Output(new(deltas, OnnxType.Float32, [BatchSize, count, "4"], "share of the anchor", "Centre offsets over the anchor's sides, logarithms of the sides' ratios."));
            if (offsets is not null)
                graph.Output(new(offsets, OnnxType.Float32, [BatchSize, count, "8"], "share of the anchor", "x, y of top left, top right, bottom left and bottom right: offsets from the anchor's centre over its sides."));
            return;
        }
        var scores = OnnxDecoding.Scores(graph, logits);
        var boxes = OnnxDecoding.Boxes(graph, deltas, anchors.Boxes);
        graph.Output(new(scores, OnnxType.Float32, [BatchSize, count, classes], "probability", Named("Scores, 0 to 1, of each anchor", config)));
        graph.Output(new(boxes, OnnxType.Float32, [BatchSize, count, "4"], "input pixel", "Left, top, right, bottom."));
        if (offsets is not null)
            graph.Output(new(OnnxDecoding.Corners(graph, offsets, anchors.Boxes.Length), OnnxType.Float32, [BatchSize, count, "4", "2"], "input pixel", "x, y of top left, top right, bottom left and bottom right."));
        graph.Output(new(OnnxDecoding.Selected(graph, scores, boxes), OnnxType.Int64, ["S", "3"], "index",
            string.Create(CultureInfo.InvariantCulture, $"Image, class and anchor of each detection kept: score over {OnnxDecoding.LowestScore}, no overlap over {OnnxDecoding.SuppressedIou} with a better one, at most {OnnxDecoding.MostDetections} of a class.")));
    }

    private static void Segment(OnnxGraph graph, string logits, CheckpointConfig config, bool decode)
    {
        IReadOnlyList<string> shape = [BatchSize, Text(config.Model.Outputs), Text(config.Input.Height), Text(config.Input.Width)];
        var channels = string.Join(", ", config.Outputs.Select(o => o.Name));
        if (decode)
            graph.Output(new(OnnxDecoding.Probabilities(graph, logits, config.Layout), OnnxType.Float32, shape, "probability", $"Of each pixel, 0 to 1, by channel: {channels}."));
        else
            graph.Output(new(logits, OnnxType.Float32, shape, "logit", $"Of each pixel; {(config.ExclusiveClasses ? "a softmax over the channels" : "a sigmoid")} gives the probabilities of {channels}."));
    }

    private static string Named(string what, CheckpointConfig config) => $"{what}: {string.Join(", ", config.OutputNames)}.";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

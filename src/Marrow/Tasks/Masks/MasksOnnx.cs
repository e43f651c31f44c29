using Marrow.Onnx;
using static TorchSharp.torch;

namespace Marrow.Tasks.Masks;

/// <summary>
/// Writes a <see cref="SegmentationNet"/> as ONNX nodes, in the model's order: from the coarsest map to stride 2, then
/// to the input's size. The output is "logits" or "probabilities", [N, outputs, height, width].
/// </summary>
internal sealed class MasksOnnx : TaskOnnx<SegmentationNet>
{
    protected override void Write(OnnxSheet sheet, SegmentationNet model)
    {
        var (config, logits) = (sheet.Config, Logits(sheet));
        IReadOnlyList<int> shape = [config.Model.Outputs, config.Input.Height, config.Input.Width];
        var channels = string.Join(", ", config.Outputs.Select(o => o.Name));
        var wanted = config.ExclusiveClasses ? "a softmax over the channels" : "a sigmoid";
        if (sheet.Decode)
            sheet.Output(OnnxProbabilities.Of(sheet.Graph, logits, config.Layout), "probability",
                $"Of each pixel, 0 to 1, by channel: {channels}.", shape);
        else
            sheet.Output(logits, "logit", $"Of each pixel; {wanted} gives the probabilities of {channels}.", shape);
    }

    protected override IReadOnlyDictionary<string, float[]> Expected(
        SegmentationNet model, Tensor input, CheckpointConfig config, bool decode)
    {
        using var scope = NewDisposeScope();
        var logits = model.forward(input);
        return decode
            ? new Dictionary<string, float[]>
            {
                ["probabilities"] = Flat(config.ExclusiveClasses ? logits.softmax(1) : logits.sigmoid()),
            }
            : new Dictionary<string, float[]> { ["logits"] = Flat(logits) };
    }

    private static string Logits(OnnxSheet sheet)
    {
        var (layers, graph, input) = (sheet.Layers, sheet.Graph, sheet.Config.Input);
        var coarse = layers.Convolution(DecoderOnnx.Write(sheet, firstLevel: 1), "logits", at: ".coarse"); // stride 2
        var counts = graph.Node("Shape", "logits.counts", [coarse],
            OnnxAttribute.Integer("start", 0), OnnxAttribute.Integer("end", 2));
        var size = graph.Node("Concat", "logits.shape",
            [counts, graph.Constant("logits.size", [input.Height, input.Width], 2)], OnnxAttribute.Integer("axis", 0));
        return graph.Node("Resize", "logits", [coarse, "", "", size],
            OnnxAttribute.Text("mode", "linear"), OnnxAttribute.Text("coordinate_transformation_mode", "half_pixel"));
    }
}

using Marrow.Modules;
using static TorchSharp.torch;

namespace Marrow.Tasks.Classify;

/// <summary>
/// Writes a <see cref="Classifier"/> as ONNX nodes. The output is "logits" or "probabilities", [N, outputs].
/// </summary>
internal sealed class ClassifyOnnx : TaskOnnx<Classifier>
{
    protected override void Write(OnnxSheet sheet, Classifier model)
    {
        var (graph, config) = (sheet.Graph, sheet.Config);
        var logits = sheet.Layers.Linear(sheet.PooledFeatures(), "classifier", "logits");
        if (sheet.Decode)
            sheet.Output(OnnxProbabilities.Of(graph, logits, config.Layout), "probability",
                sheet.Named("Probabilities, 0 to 1,"), config.Classes.Count);
        else
            sheet.Output(logits, "logit",
                sheet.Named($"A {(config.ExclusiveClasses ? "softmax" : "sigmoid")} gives the probabilities"),
                config.Classes.Count);
    }

    protected override IReadOnlyDictionary<string, float[]> Expected(
        Classifier model, Tensor input, CheckpointConfig config, bool decode)
    {
        using var logits = model.forward(input);
        return decode
            ? new Dictionary<string, float[]>
            {
                ["probabilities"] = [.. ClassProbabilities.Of(logits, config.Layout).SelectMany(p => p)],
            }
            : new Dictionary<string, float[]> { ["logits"] = Flat(logits) };
    }
}

using System.Globalization;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Multitask;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints;

/// <summary>Knows what each kind of model returns: its raw outputs by name, before any decoding.</summary>
internal static class ModelOutputs
{
    /// <summary>
    /// Returns false for a user's own module that takes or returns anything but the known kinds of tensors.
    /// </summary>
    public static bool AreKnown(Module model) =>
        model
            is Module<torch.Tensor, torch.Tensor>
                or Module<torch.Tensor, torch.Tensor[]>
                or Module<torch.Tensor, DetectorOutput>;

    public static IReadOnlyList<(string Name, torch.Tensor Value)> Of(Module model, torch.Tensor input) =>
        model switch
        {
            MultitaskNet net =>
            [
                ("features", net.forward(input)),
                .. net.Parts.SelectMany(part => Of(part.Module, input).Select(output =>
                    (MetricCatalogue.OfPart(part.Name, output.Name), output.Value))),
            ],
            Module<torch.Tensor, torch.Tensor> plain => [("output", plain.forward(input))],
            Module<torch.Tensor, torch.Tensor[]> several =>
            [
                .. several
                    .forward(input)
                    .Select((value, i) => (string.Create(CultureInfo.InvariantCulture, $"output{i}"), value)),
            ],
            Module<torch.Tensor, DetectorOutput> detector => Of(detector.forward(input)),
            _ => throw new MarrowException($"{model.GetName()}: a model of a kind whose outputs are not known here."),
        };

    private static List<(string Name, torch.Tensor Value)> Of(DetectorOutput output)
    {
        var outputs = new List<(string Name, torch.Tensor Value)>
        {
            ("classLogits", output.ClassLogits),
            ("boxDeltas", output.BoxDeltas),
        };
        if (output.CornerOffsets is { } corners)
            outputs.Add(("cornerOffsets", corners));
        return outputs;
    }
}

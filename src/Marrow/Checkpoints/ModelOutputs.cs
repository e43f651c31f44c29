using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints;

/// <summary>The one place that knows what each kind of model gives: its raw outputs by name, before any decoding.</summary>
internal static class ModelOutputs
{
    public static IReadOnlyList<(string Name, torch.Tensor Value)> Of(Module model, torch.Tensor input) => model switch
    {
        Module<torch.Tensor, torch.Tensor> plain => [("output", plain.forward(input))],
        _ => throw new MarrowException($"{model.GetName()}: a model of a kind whose outputs are not known here."),
    };
}

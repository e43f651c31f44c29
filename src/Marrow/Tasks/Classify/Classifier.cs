// The head of a classifier, as torchvision's DenseNet has it: the same keys and arithmetic on any backbone. Data flow:
// image [N, C, H, W] -> backbone features -> mean over the image -> linear layer -> a logit for each output.

using Marrow.Backbones;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Classify;

/// <summary>[N, C, H, W] -> logits [N, outputs]. H and W of at least 32.</summary>
internal sealed class Classifier : KeyedModule<Tensor, Tensor>
{
    private readonly Linear _classifier;

    /// <summary>
    /// Messages call it by its backbone's name, as a DenseNet with its classifier is called a DenseNet.
    /// </summary>
    /// <param name="backbone">Becomes the model's own.</param>
    /// <param name="outputs">1 or more.</param>
    public Classifier(Backbone backbone, int outputs) : base(backbone.GetName())
    {
        Features = backbone;
        _classifier = Linear(Features.OutputChannels, outputs);
        init.zeros_(_classifier.bias);
        register_module("features", Features);
        register_module("classifier", _classifier);
    }

    /// <summary>The backbone.</summary>
    public Backbone Features { get; }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var features = Features.forward(input); // [N, F, H/32, W/32]
        return _classifier.forward(features.mean([2, 3])).MoveToOuterDisposeScope();
    }
}

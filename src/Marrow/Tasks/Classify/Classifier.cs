// The head of a classifier, as torchvision's DenseNet has it: the same keys and arithmetic on any backbone. Data flow:
// image [N, C, H, W] -> backbone features -> mean over the image -> linear layer -> a logit for each output.

using Marrow.Backbones;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Classify;

/// <summary>Maps images [N, C, H, W], with H and W of at least 32, to logits [N, outputs].</summary>
internal sealed class Classifier : KeyedModule<Tensor, Tensor>
{
    private readonly Linear _classifier;

    /// <summary>
    /// Creates the model. Messages call it by its backbone's name, just as a DenseNet with its classifier is called a
    /// DenseNet.
    /// </summary>
    /// <param name="backbone">The backbone, which the model owns from then on.</param>
    /// <param name="outputs">The number of outputs, 1 or more.</param>
    public Classifier(Backbone backbone, int outputs) : base(backbone.GetName())
    {
        Features = backbone;
        _classifier = Linear(Features.OutputChannels, outputs);
        init.zeros_(_classifier.bias);
        register_module("features", Features);
        register_module("classifier", _classifier);
    }

    /// <summary>The backbone that computes the features.</summary>
    public Backbone Features { get; }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Logits(Features.forward(input)).MoveToOuterDisposeScope();
    }

    /// <summary>Maps the backbone's last map [N, F, H/32, W/32] to logits [N, outputs].</summary>
    public Tensor Logits(Tensor features)
    {
        using var scope = NewDisposeScope();
        return _classifier.forward(features.mean([2, 3])).MoveToOuterDisposeScope();
    }
}

using Marrow.Onnx;
using static TorchSharp.torch;

namespace Marrow.Backbones;

/// <summary>
/// A backbone that belongs to somebody else. A part of a model of several tasks takes it for its own; its forward
/// passes are those of the shared backbone, and so are its gradients. It has no parameters, buffers or modules, so that
/// the weights are counted, moved, frozen, averaged, saved and disposed once: where the backbone itself is registered.
/// </summary>
internal sealed class SharedBackbone(Backbone shared)
    : Backbone(shared.GetName(), shared.Levels, shared.Stages)
{
    public override Tensor[] ForwardPyramid(Tensor images, int firstLevel) =>
        shared.ForwardPyramid(images, firstLevel);

    public override Tensor forward(Tensor input) => shared.forward(input);

    internal override IReadOnlyList<string> WriteOnnx(
        OnnxLayers layers, string image, string prefix, int firstLevel) =>
        shared.WriteOnnx(layers, image, prefix, firstLevel);
}

using Marrow.Backbones;
using static TorchSharp.torch;

namespace Marrow.Tests;

/// <summary>A small DenseNet that counts what it is shown.</summary>
internal sealed class CountingBackbone : Backbone
{
    private readonly Backbone _counted;

    private CountingBackbone(Backbone counted) : base(nameof(CountingBackbone), counted.Levels, counted.Stages)
    {
        _counted = counted;
        register_module("counted", counted);
    }

    public static CountingBackbone Create() => new(BackboneCatalogue.Create("densenet-mini", 1));

    /// <summary>The images of all forward passes.</summary>
    public int Images { get; set; }

    public override Tensor[] ForwardPyramid(Tensor images, int firstLevel)
    {
        Images += (int)images.shape[0];
        return _counted.ForwardPyramid(images, firstLevel);
    }
}

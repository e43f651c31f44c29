using Marrow.Backbones;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Samples;

// <sample>
/// <summary>Five convolutions, each of which halves the image: the maps C1 to C5.</summary>
public sealed class PlainBackbone : Backbone
{
    private static readonly int[] Widths = [8, 16, 24, 40, 48];
    private readonly Module<Tensor, Tensor>[] _layers = new Module<Tensor, Tensor>[Widths.Length];

    public PlainBackbone(int channels)
        : base("Plain", [.. Widths.Select(Level)], [.. Widths.Select(Stage)])
    {
        for (var i = 0; i < Widths.Length; i++)
        {
            var convolution = Conv2d(i == 0 ? channels : Widths[i - 1], Widths[i], 3, stride: 2, padding: 1);
            _layers[i] = Sequential(convolution, BatchNorm2d(Widths[i]), ReLU());
            register_module($"layer{i}", _layers[i]);
        }
    }
    // </sample>

    /// <summary>The maps from C<paramref name="firstLevel"/> on.</summary>
    public override Tensor[] ForwardPyramid(Tensor images, int firstLevel)
    {
        using var scope = NewDisposeScope();
        var maps = new List<Tensor>();
        foreach (var layer in _layers)
            maps.Add(layer.forward(maps.Count == 0 ? images : maps[^1]));
        return [.. maps.Skip(firstLevel - 1).Select(map => map.MoveToOuterDisposeScope())];
    }

    /// <summary>Padded convolutions by steps of two look at every second pixel, from the first one on.</summary>
    private static BackboneLevel Level(int width, int level) => new(width, 2 << level) { FirstCenter = 0.5 };

    private static BackboneStage Stage(int width, int level) =>
        new(level == 0 ? "stem" : $"block{level}", [$"layer{level}."]);
}

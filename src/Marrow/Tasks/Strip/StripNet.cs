// Points of items along a curve, looked for on a strip in which the curve is laid straight, so that every item stands
// upright and at the film's own resolution. All items share their maps: there is one for each of an item's points (one
// for "top left", whatever the vertebra), and which item is meant follows from where along the curve it is expected.
// Data flow: strip [N, C, H, W] -> backbone maps C2 to C5 (strides 4 to 32) -> from the top down, as a segmentation's
// decoder -> one map a point, [N, K, H/4, W/4] -> near each expected place a softmax over the cells -> mean place.
//
// Keys: "features." as the backbone's; "decoder.{5..2}." as a segmentation's; "maps.weight" and ".bias"; "offsets", the
// mean place of each point relative to its item in the training part, in strip pixels.

using Marrow.Backbones;
using Marrow.Computing.Cpu;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Strip;

/// <summary>Maps strips [N, C, H, W] to float32 logits [N, K, H/4, W/4], one map for each point of an item.</summary>
internal sealed class StripNet : KeyedModule<Tensor, Tensor>
{
    internal const int FirstLevel = 2; // stride 4
    private const int Channels = 64;

    private readonly DecoderLevel[] _levels;
    private readonly Conv2d _maps;

    /// <param name="backbone">The backbone, which the model owns from then on.</param>
    /// <param name="items">How many items the curve has.</param>
    /// <param name="points">How many points each of them has.</param>
    public StripNet(Backbone backbone, int items, int points) : base(nameof(StripNet))
    {
        Features = backbone;
        register_module("features", Features);
        var maps = Features.PyramidChannels(FirstLevel);
        _levels = new DecoderLevel[maps.Count];
        for (var i = maps.Count - 1; i >= 0; i--)
            _levels[i] = new DecoderLevel(maps[i], i == maps.Count - 1 ? null : Channels, Channels);
        register_module("decoder",
            new ModuleFolder(_levels.Select((level, i) => ($"{i + FirstLevel}", (Module)level)).Reverse()));
        _maps = Conv2d(Channels, points, 1);
        init.normal_(_maps.weight!, std: 0.01); // at first every cell counts alike
        init.zeros_(_maps.bias!);
        register_module("maps", _maps);
        register_buffer("offsets", zeros([items, points, 2], device: CPU));
    }

    public Backbone Features { get; }

    /// <summary>The mean place of each point relative to its item, in strip pixels, [items, points, 2].</summary>
    public Tensor Offsets => get_buffer("offsets")!;

    public override Tensor forward(Tensor strips)
    {
        using var scope = NewDisposeScope();
        var maps = Features.ForwardPyramid(strips, FirstLevel);
        Tensor? x = null;
        for (var i = maps.Length - 1; i >= 0; i--)
            x = _levels[i].Forward(maps[i], x);
        return _maps.ConvolveWhole(x!).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }
}

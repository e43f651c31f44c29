using Marrow.Computing;
using Marrow.Computing.Cpu;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Modules;

/// <summary>
/// One level of the decoder, which combines the result of the coarser level with the backbone's map. Returns [N, width,
/// h, w].
/// </summary>
internal sealed class DecoderLevel : KeyedModule<Tensor, Tensor>
{
    private const int Groups = 8;

    private readonly Conv2d _skip;
    private readonly Conv2d? _narrow, _conv;
    private readonly GroupNorm _norm;

    /// <param name="above">The number of channels of the coarser level's result; null for the coarsest level.</param>
    public DecoderLevel(int map, int? above, int width) : base(nameof(DecoderLevel))
    {
        _skip = Layers.Convolution(map, width, kernel: 1);
        register_module("skip", _skip);
        if (above is { } channels)
        {
            _narrow = Layers.Convolution(channels, width, kernel: 1);
            _conv = Layers.Convolution(width, width, kernel: 3);
            register_module("narrow", _narrow);
            register_module("conv", _conv);
        }
        _norm = Layers.Groups(Groups, width);
        register_module("norm", _norm);
    }

    public Tensor Forward(Tensor map, Tensor? above)
    {
        using var scope = NewDisposeScope();
        var x = _skip.Convolve(map);
        if (above is not null)
        {
            var enlarged = functional.interpolate(_narrow!.Convolve(above), [x.shape[2], x.shape[3]]); // nearest
            x = _conv!.forward(x.Plus(enlarged));
        }
        return functional.relu(_norm.forward(x), inplace: true).MoveToOuterDisposeScope();
    }

    public override Tensor forward(Tensor input) => Forward(input, null);
}

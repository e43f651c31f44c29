// ResNet (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016) as torchvision builds it: the same
// state-dict keys, initialisation and arithmetic; the strides of bottlenecks stand in their 3x3 convolutions, as in
// torchvision since its beginning. Data flow: image -> stem -> 4 layers of blocks. Strides after them: 4, 8, 16, 32.

using Marrow.Computing;
using Marrow.Computing.Cpu;
using Marrow.Modules;
using Marrow.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Backbones;

/// <summary>The sizes that make one ResNet differ from another.</summary>
/// <param name="blocks">Blocks in each of the four layers.</param>
/// <param name="bottlenecks">True for blocks of three convolutions, which give four times their width.</param>
/// <param name="padding">What convolutions and the pooling of stride 2 see beyond the edges.</param>
/// <param name="mostWidth">The width that no layer's blocks exceed; the usual ones double it with each layer.</param>
internal sealed class ResNetShape(
    IReadOnlyList<int> blocks,
    bool bottlenecks = false,
    StridePadding padding = StridePadding.Even,
    int mostWidth = int.MaxValue) : BackboneShape
{
    private const int StemStride = 2, FirstWidth = 64;

    public IReadOnlyList<int> Blocks { get; } = blocks;

    public bool Bottlenecks { get; } = bottlenecks;

    public StridePadding Padding { get; } = padding;

    /// <summary>Channels that a layer's blocks give over their width.</summary>
    public int Expansion => Bottlenecks ? 4 : 1;

    /// <summary>The stem's map, then each layer's.</summary>
    public override IReadOnlyList<BackboneLevel> Levels =>
    [
        Level(FirstWidth, StemStride),
        .. Enumerable.Range(0, Blocks.Count).Select(i => Level(Width(i) * Expansion, StemStride << (i + 1))),
    ];

    public override IReadOnlyList<BackboneStage> Stages =>
    [
        new("stem", ["conv1.", "bn1."]),
        .. Enumerable.Range(1, Blocks.Count).Select(i => new BackboneStage($"block{i}", [$"layer{i}."])),
    ];

    public override BackboneSpelling Spelling => ResNetSpelling.Instance;

    public override bool Fits(IReadOnlyDictionary<string, long[]> weights)
    {
        var (found, bottlenecks, width) = ResNetSpelling.Sizes(weights);
        return Blocks.SequenceEqual(found) && bottlenecks == Bottlenecks && width == FirstWidth;
    }

    /// <summary>Of the blocks of a layer.</summary>
    /// <param name="layer">From 0.</param>
    public int Width(int layer) => Math.Min(FirstWidth << layer, mostWidth);

    public override Backbone Build(int channels) => new ResNetFeatures(this, channels);

    /// <summary>Of a map by padded windows alone, whose first one lies around the image's first pixel.</summary>
    private static BackboneLevel Level(int channels, int stride) => new(channels, stride) { FirstCenter = 0.5 };
}

/// <summary>Where zeros stand beside a map that a window of 3x3 or more crosses by steps of two.</summary>
internal enum StridePadding
{
    /// <summary>As many on every side, as PyTorch has it.</summary>
    Even,

    /// <summary>
    /// As many as give half the side, rounded up; where that is an odd number of zeros, one less stands behind the map
    /// than before it. CNTK's, and ONNX's SAME_LOWER.
    /// </summary>
    SameLower,
}

/// <summary>
/// Everything of a ResNet but its head: [N, C, H, W] -> [N, F, H/32, W/32]. Its norms are libtorch's own: DenseNet's
/// kernels gain nothing here, where each map is read once and the sums beside the norms are passes of their own.
/// </summary>
internal sealed class ResNetFeatures : Backbone
{
    private readonly Conv2d _conv1;
    private readonly BatchNorm2d _bn1;
    private readonly StridePadding _padding;
    private readonly ResidualBlock[][] _layers;

    public ResNetFeatures(ResNetShape shape, int channels) : base("ResNet", shape.Levels, shape.Stages)
    {
        _padding = shape.Padding;
        var width = shape.Width(0);
        _conv1 = ResidualBlock.Convolution(channels, width, kernel: 7, stride: 2);
        _bn1 = BatchNorm2d(width);
        register_module("conv1", _conv1);
        register_module("bn1", _bn1);
        _layers = new ResidualBlock[shape.Blocks.Count][];
        for (var i = 0; i < _layers.Length; i++)
        {
            _layers[i] = new ResidualBlock[shape.Blocks[i]];
            for (var b = 0; b < _layers[i].Length; b++)
            {
                var stride = i > 0 && b == 0 ? 2 : 1;
                _layers[i][b] = new ResidualBlock(width, shape.Width(i), shape.Expansion, stride, _padding);
                width = shape.Width(i) * shape.Expansion;
            }
            register_module($"layer{i + 1}", new Chain(_layers[i]));
        }
    }

    /// <summary>The maps are those after the last ReLU of each layer.</summary>
    public override Tensor[] ForwardPyramid(Tensor images, int firstLevel)
    {
        using var scope = NewDisposeScope();
        var stem = StridedWindows.Convolve(_conv1, images, _padding);
        var maps = new List<Tensor>();
        var c1 = Layers.NormRelu(stem, _bn1);
        if (firstLevel <= 1)
            maps.Add(c1);
        var x = StridedWindows.MaxPool(c1, _padding);
        for (var i = 0; i < _layers.Length; i++)
        {
            foreach (var block in _layers[i])
            {
                var next = block.forward(x);
                if (maps.Count == 0 || !ReferenceEquals(maps[^1], x))
                    x.Dispose();
                x = next;
            }
            if (i + 2 >= firstLevel) // layer 1 is level 2
                maps.Add(x);
        }
        foreach (var map in maps)
            map.MoveToOuterDisposeScope();
        return [.. maps];
    }

    internal override IReadOnlyList<string> WriteOnnx(
        OnnxLayers layers, string image, string prefix, int firstLevel) =>
        ResNetOnnx.Pyramid(layers, image, prefix, firstLevel, _padding);
}

/// <summary>
/// Two or three convolutions beside a shortcut: [N, input, H, W] -> [N, width * expansion, H / stride, W / stride].
/// </summary>
internal sealed class ResidualBlock : KeyedModule<Tensor, Tensor>
{
    private readonly Conv2d[] _convolutions;
    private readonly BatchNorm2d[] _norms;
    private readonly Conv2d? _shortcut;
    private readonly BatchNorm2d? _shortcutNorm;
    private readonly StridePadding _padding;

    public ResidualBlock(int input, int width, int expansion, int stride, StridePadding padding)
        : base(nameof(ResidualBlock))
    {
        _padding = padding;
        var output = width * expansion;
        _convolutions = expansion == 1
            ? [Convolution(input, width, 3, stride), Convolution(width, output, 3)]
            : [Convolution(input, width, 1), Convolution(width, width, 3, stride), Convolution(width, output, 1)];
        _norms = [.. _convolutions.Select(convolution => BatchNorm2d(convolution.out_channels))];
        for (var i = 0; i < _convolutions.Length; i++)
        {
            register_module($"conv{i + 1}", _convolutions[i]);
            register_module($"bn{i + 1}", _norms[i]);
        }
        if (stride == 1 && input == output)
            return;
        (_shortcut, _shortcutNorm) = (Convolution(input, output, 1, stride), BatchNorm2d(output));
        register_module("downsample", new Chain(_shortcut, _shortcutNorm));
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input;
        for (var i = 0; i < _convolutions.Length; i++)
        {
            x = StridedWindows.Convolve(_convolutions[i], x, _padding);
            x = i < _convolutions.Length - 1 ? Layers.NormRelu(x, _norms[i]) : Layers.Norm(x, _norms[i]);
        }
        var shortcut = _shortcut is null ? input : Layers.Norm(_shortcut.Convolve(input), _shortcutNorm!);
        return x.add_(shortcut, Scalars.Of(1.0)).relu_().MoveToOuterDisposeScope();
    }

    /// <summary>Without bias, kaiming normal by the outputs, as torchvision's ResNet.</summary>
    public static Conv2d Convolution(int input, int output, int kernel, int stride = 1)
    {
        var convolution = Conv2d(input, output, kernel, stride, kernel / 2, bias: false);
        init.kaiming_normal_(convolution.weight!, mode: init.FanInOut.FanOut);
        return convolution;
    }
}

/// <summary>Convolutions and pooling by steps of two under either padding.</summary>
internal static class StridedWindows
{
    public static Tensor Convolve(Conv2d convolution, Tensor x, StridePadding padding)
    {
        if (!IsUneven(convolution, padding))
            return convolution.kernel_size[0] == 1 ? convolution.Convolve(x) : convolution.forward(x);
        using var scope = NewDisposeScope();
        var padded = Padded(x, convolution.padding![0]);
        return functional.conv2d(padded, convolution.weight!, strides: convolution.stride).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The highest of 3x3; the zeros beside the map are no higher than its numbers, which follow a ReLU.
    /// </summary>
    public static Tensor MaxPool(Tensor x, StridePadding padding)
    {
        if (padding == StridePadding.Even)
            return functional.max_pool2d(x, 3, 2, 1);
        using var scope = NewDisposeScope();
        return functional.max_pool2d(Padded(x, 1), 3, 2).MoveToOuterDisposeScope();
    }

    public static bool IsUneven(Conv2d convolution, StridePadding padding) =>
        padding == StridePadding.SameLower && convolution.stride[0] > 1 && convolution.kernel_size[0] > 1;

    /// <summary>
    /// Zeros around a map for windows of 2 * before + 1 by steps of two: one less behind an even side.
    /// </summary>
    private static Tensor Padded(Tensor x, long before)
    {
        return functional.pad(x, [before, Behind(x.shape[3]), before, Behind(x.shape[2])]);

        long Behind(long side) => side % 2 == 0 ? before - 1 : before;
    }
}

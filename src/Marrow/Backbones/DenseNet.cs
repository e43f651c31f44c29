// DenseNet (Huang et al., "Densely Connected Convolutional Networks", CVPR 2017) as torchvision builds it: the same
// state-dict keys, initialisation and arithmetic. Data flow: image -> stem -> 4 dense blocks with transitions between
// -> norm5 -> ReLU. Strides after the blocks: 4, 8, 16, 32.

using Marrow.Computing.Cpu;
using Marrow.Modules;
using Marrow.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Backbones;

/// <summary>The sizes that make one DenseNet differ from another.</summary>
/// <param name="stemChannels">Channels of the first convolution.</param>
/// <param name="growth">Channels that each layer adds.</param>
/// <param name="bottleneck">Channels of a layer's 1x1 convolution over <paramref name="growth"/>.</param>
/// <param name="blockLayers">Layers in each of the four blocks.</param>
internal sealed class DenseNetShape(int stemChannels, int growth, int bottleneck, IReadOnlyList<int> blockLayers)
    : BackboneShape
{
    private const int StemStride = 2; // of its convolution; the pooling behind it and each transition halve once more

    public int StemChannels { get; } = stemChannels;

    public int Growth { get; } = growth;

    public int Bottleneck { get; } = bottleneck;

    public IReadOnlyList<int> BlockLayers { get; } = blockLayers;

    /// <summary>The stem's map, then each block's, before its transition halves the channels.</summary>
    public override IReadOnlyList<BackboneLevel> Levels
    {
        get
        {
            var levels = new List<BackboneLevel> { new(StemChannels, StemStride) { FirstCenter = 0.5 } };
            foreach (var layers in BlockLayers)
            {
                var before = levels[^1];
                var first = levels.Count == 1; // The stem's pooling is padded; a transition takes the mean of cells.
                var input = first ? before.Channels : before.Channels / 2;
                var center = before.FirstCenter + (first ? 0 : before.Stride / 2.0);
                levels.Add(new(input + layers * Growth, before.Stride * 2) { FirstCenter = center });
            }
            return levels;
        }
    }

    /// <summary>A block has the norm that follows it: that of its transition, or norm5.</summary>
    public override IReadOnlyList<BackboneStage> Stages
    {
        get
        {
            var blocks = BlockLayers.Count;
            var stages = new List<BackboneStage> { new("stem", ["conv0.", "norm0."]) };
            for (var b = 1; b <= blocks; b++)
                stages.Add(new($"block{b}", [$"denseblock{b}.", b == blocks ? "norm5." : $"transition{b}."]));
            return stages;
        }
    }

    public override BackboneSpelling Spelling => DenseNetSpelling.Instance;

    public override bool Fits(IReadOnlyDictionary<string, long[]> weights)
    {
        var (layers, stem, growth) = DenseNetSpelling.Sizes(weights);
        return BlockLayers.SequenceEqual(layers) && StemChannels == stem && Growth == growth;
    }

    public override Backbone Build(int channels) => new DenseNetFeatures(this, channels);
}

/// <summary>Everything of a DenseNet but its head: [N, C, H, W] -> [N, F, H/32, W/32], after norm5 and ReLU.</summary>
internal sealed class DenseNetFeatures : Backbone
{
    private readonly Conv2d _conv0;
    private readonly BatchNorm2d _norm0;
    private readonly DenseBlock[] _blocks;
    private readonly Transition[] _transitions;
    private readonly BatchNorm2d _norm5;

    public DenseNetFeatures(DenseNetShape shape, int channels)
        : base("DenseNet", shape.Levels, shape.Stages)
    {
        _conv0 = Layers.Convolution(channels, shape.StemChannels, kernel: 7, stride: 2);
        _norm0 = BatchNorm2d(shape.StemChannels);
        register_module("conv0", _conv0);
        register_module("norm0", _norm0);

        _blocks = new DenseBlock[shape.BlockLayers.Count];
        _transitions = new Transition[shape.BlockLayers.Count - 1];
        var width = shape.StemChannels;
        for (var b = 0; b < _blocks.Length; b++)
        {
            _blocks[b] = new DenseBlock(width, shape.Growth, shape.Bottleneck, shape.BlockLayers[b]);
            register_module($"denseblock{b + 1}", _blocks[b]);
            width = Levels[b + 1].Channels;
            if (b == _transitions.Length)
                continue;
            _transitions[b] = new Transition(width, width / 2);
            register_module($"transition{b + 1}", _transitions[b]);
            width /= 2;
        }
        _norm5 = BatchNorm2d(width);
        register_module("norm5", _norm5);
    }

    /// <summary>The maps are the blocks' outputs before the transitions narrow and pool them.</summary>
    public override Tensor[] ForwardPyramid(Tensor images, int firstLevel)
    {
        using var scope = NewDisposeScope();
        var x = _conv0.forward(images);
        var maps = FusedNorm.Takes(x, _norm0) ? ForwardFused(x, firstLevel) : ForwardPlain(x, firstLevel);
        foreach (var map in maps)
            map.MoveToOuterDisposeScope();
        return [.. maps];
    }

    internal override IReadOnlyList<string> WriteOnnx(
        OnnxLayers layers, string image, string prefix, int firstLevel) =>
        DenseNetOnnx.Pyramid(layers, image, prefix, firstLevel);

    private List<Tensor> ForwardPlain(Tensor stem, int firstLevel)
    {
        var c1 = Layers.NormRelu(stem, _norm0);
        var maps = new List<Tensor>();
        if (firstLevel <= 1)
            maps.Add(c1);
        var x = functional.max_pool2d(c1, 3, 2, 1);
        for (var b = 0; b < _blocks.Length; b++)
        {
            var grown = _blocks[b].forward(x);
            var map = b < _transitions.Length ? _transitions[b].Normalise(grown) : Layers.NormRelu(grown, _norm5);
            grown.Dispose();
            if (b + 2 >= firstLevel) // block 1 is level 2
                maps.Add(map);
            if (b < _transitions.Length)
                x = _transitions[b].Reduce(map);
        }
        return maps;
    }

    /// <summary>The same for bfloat16 maps with channels last in memory, with fewer passes over them.</summary>
    private List<Tensor> ForwardFused(Tensor stem, int firstLevel)
    {
        var learns = is_grad_enabled();
        var results = new List<Tensor>();
        Tensor x;
        if (learns || firstLevel <= 1)
        {
            var c1 = FusedNorm.NormRelu(stem, _norm0);
            if (firstLevel <= 1)
                results.Add(c1);
            x = functional.max_pool2d(c1, 3, 2, 1);
        }
        else
            x = FusedNorm.NormReluMaxPool(stem, _norm0);
        for (var b = 0; b < _blocks.Length; b++)
        {
            using var maps = new BlockMaps(x, Levels[b + 1].Channels);
            var last = _blocks[b].Fill(maps, x);
            var tapped = b + 2 >= firstLevel; // block 1 is level 2
            if (b == _transitions.Length)
                results.Add(maps.AppendAndNormalise(last, _norm5));
            else if (tapped || learns)
            {
                var map = maps.AppendAndNormalise(last, _transitions[b].Norm);
                if (tapped)
                    results.Add(map);
                x = _transitions[b].Convolve(functional.avg_pool2d(map, 2, 2));
            }
            else
                x = _transitions[b].Convolve(maps.AppendNormaliseAndPool(last, _transitions[b].Norm));
        }
        return results;
    }
}

/// <summary>Each layer sees the outputs of all before it.</summary>
internal sealed class DenseBlock : KeyedModule<Tensor, Tensor>
{
    private readonly DenseLayer[] _layers;

    public DenseBlock(int input, int growth, int bottleneck, int layers) : base(nameof(DenseBlock))
    {
        _layers = new DenseLayer[layers];
        for (var i = 0; i < layers; i++)
        {
            _layers[i] = new DenseLayer(input + i * growth, growth, bottleneck);
            register_module($"denselayer{i + 1}", _layers[i]);
        }
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input;
        foreach (var layer in _layers)
        {
            // Not torchvision's list of all features: cat(x, new) copies the same bytes with fewer pieces.
            var grown = cat([x, layer.forward(x)], 1);
            if (!ReferenceEquals(x, input))
                x.Dispose();
            x = grown;
        }
        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Appends all maps but the last layer's, which is returned.</summary>
    public Tensor Fill(BlockMaps maps, Tensor input)
    {
        foreach (var layer in _layers)
            input = layer.Forward(maps, input);
        return input;
    }
}

/// <summary>norm - ReLU - 1x1 - norm - ReLU - 3x3.</summary>
internal sealed class DenseLayer : KeyedModule<Tensor, Tensor>
{
    private readonly BatchNorm2d _norm1, _norm2;
    private readonly Conv2d _conv1, _conv2;

    public DenseLayer(int input, int growth, int bottleneck) : base(nameof(DenseLayer))
    {
        _norm1 = BatchNorm2d(input);
        _conv1 = Layers.Convolution(input, bottleneck * growth, kernel: 1);
        _norm2 = BatchNorm2d(bottleneck * growth);
        _conv2 = Layers.Convolution(bottleneck * growth, growth, kernel: 3);
        register_module("norm1", _norm1);
        register_module("conv1", _conv1);
        register_module("norm2", _norm2);
        register_module("conv2", _conv2);
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = _conv1.Convolve(Layers.NormRelu(input, _norm1));
        return _conv2.forward(Layers.NormRelu(x, _norm2)).MoveToOuterDisposeScope();
    }

    /// <summary>Appends what the layer before gave, [N, K, H, W], and computes from all: [N, growth, H, W].</summary>
    public Tensor Forward(BlockMaps maps, Tensor appended)
    {
        using var scope = NewDisposeScope();
        var x = _conv1.Convolve(maps.AppendAndNormalise(appended, _norm1));
        return _conv2.forward(FusedNorm.NormRelu(x, _norm2)).MoveToOuterDisposeScope();
    }
}

/// <summary>norm - ReLU - 1x1 - mean of 2x2: halves channels and both sides.</summary>
internal sealed class Transition : KeyedModule<Tensor, Tensor>
{
    private readonly Conv2d _conv;

    public Transition(int input, int output) : base(nameof(Transition))
    {
        Norm = BatchNorm2d(input);
        _conv = Layers.Convolution(input, output, kernel: 1);
        register_module("norm", Norm);
        register_module("conv", _conv);
    }

    public BatchNorm2d Norm { get; }

    public Tensor Convolve(Tensor pooled) => _conv.Convolve(pooled);

    public Tensor Normalise(Tensor input) => Layers.NormRelu(input, Norm);

    public Tensor Reduce(Tensor normalised)
    {
        using var scope = NewDisposeScope();
        return functional.avg_pool2d(_conv.Convolve(normalised), 2, 2).MoveToOuterDisposeScope();
    }

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return Reduce(Normalise(input)).MoveToOuterDisposeScope();
    }
}

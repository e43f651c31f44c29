// Feature pyramid network (Lin et al., CVPR 2017) with RetinaNet's P6 and P7; keys as torchvision's. Data flow:
// backbone maps C -> 1x1 to one width -> coarse maps added to finer ones, from the top down -> 3x3 -> P; then P6 and P7
// from P5.

using Marrow.Computing;
using Marrow.Computing.Cpu;
using Marrow.Onnx;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Modules;

/// <summary>Modules under the keys "0", "1", ..., one after the other.</summary>
internal sealed class Chain : KeyedModule<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor>[] _modules;

    public Chain(params Module<Tensor, Tensor>[] modules) : base(nameof(Chain))
    {
        _modules = modules;
        for (var i = 0; i < modules.Length; i++)
            register_module(i.ToString(System.Globalization.CultureInfo.InvariantCulture), modules[i]);
    }

    public Module<Tensor, Tensor> this[int index] => _modules[index];

    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        var x = input;
        foreach (var module in _modules)
            x = module.forward(x);
        return x.MoveToOuterDisposeScope();
    }
}

internal sealed class FeaturePyramid : KeyedModule<Tensor[], Tensor[]>
{
    private readonly Chain _inner, _layer;
    private readonly ExtraLevels? _extra;
    private readonly int _levels;

    /// <param name="channels">Of the backbone's maps, fine to coarse.</param>
    /// <param name="levels">How many levels to give, from the finest; those past the backbone's are P6 and P7.</param>
    public FeaturePyramid(IReadOnlyList<int> channels, int width, int levels) : base(nameof(FeaturePyramid))
    {
        _levels = levels;
        _inner = new Chain([.. channels.Select(c => new Chain(PyramidConvolution(c, width, 1)))]);
        _layer = new Chain([.. channels.Take(levels).Select(_ => new Chain(PyramidConvolution(width, width, 3)))]);
        register_module("inner_blocks", _inner);
        register_module("layer_blocks", _layer);
        if (levels <= channels.Count)
            return;
        _extra = new ExtraLevels(width, levels - channels.Count);
        register_module("extra_blocks", _extra);
    }

    public override Tensor[] forward(Tensor[] maps)
    {
        using var scope = NewDisposeScope();
        var results = new Tensor[Math.Min(maps.Length, _levels)];
        var above = Lateral(maps.Length - 1, maps[^1]);
        for (var i = maps.Length - 1; i >= 0; i--)
        {
            if (i < maps.Length - 1)
            {
                var lateral = Lateral(i, maps[i]);
                above = lateral.Plus(functional.interpolate(above, [lateral.shape[2], lateral.shape[3]]));
            }
            if (i < results.Length)
                results[i] = _layer[i].forward(above);
        }
        Tensor[] all = [.. results, .. _extra?.forward(results[^1]) ?? []];
        foreach (var map in all)
            map.MoveToOuterDisposeScope();
        return all;
    }

    /// <summary>The same as ONNX nodes: the levels' names.</summary>
    /// <param name="prefix">The pyramid's key: "fpn".</param>
    /// <param name="maps">Of the backbone, fine to coarse.</param>
    /// <param name="count">As the levels of the constructor.</param>
    public static IReadOnlyList<string> WriteOnnx(
        OnnxLayers layers, string prefix, IReadOnlyList<string> maps, int count)
    {
        var levels = new string[Math.Min(maps.Count, count)];
        var above = layers.Convolution(maps[^1], Inner(maps.Count - 1));
        for (var i = maps.Count - 1; i >= 0; i--)
        {
            if (i < maps.Count - 1)
            {
                var lateral = layers.Convolution(maps[i], Inner(i));
                var size = layers.Graph.Node("Shape", $"{prefix}.shape{i}", [lateral]);
                var enlarged = layers.Graph.Nearest($"{prefix}.enlarged{i}", above, size);
                above = layers.Graph.Node("Add", $"{prefix}.merged{i}", [lateral, enlarged]);
            }
            if (i < levels.Length)
                levels[i] = layers.Convolution(above, $"{prefix}.layer_blocks.{i}.0");
        }
        var all = levels.ToList();
        for (var p = 6; all.Count < count; p++)
            all.Add(layers.Convolution(p == 6 ? all[^1] : layers.Relu(all[^1]), $"{prefix}.extra_blocks.p{p}"));
        return all;

        string Inner(int i) => $"{prefix}.inner_blocks.{i}.0";
    }

    private Tensor Lateral(int level, Tensor map) => ((Conv2d)((Chain)_inner[level])[0]).Convolve(map);

    internal static Conv2d PyramidConvolution(int input, int output, int kernel, int stride = 1)
    {
        var conv = Conv2d(input, output, kernel, stride, kernel / 2);
        init.kaiming_uniform_(conv.weight!, a: 1);
        init.zeros_(conv.bias!);
        return conv;
    }

    /// <summary>P6 = 3x3 stride 2 of P5; P7 = 3x3 stride 2 of ReLU(P6).</summary>
    private sealed class ExtraLevels : KeyedModule<Tensor, Tensor[]>
    {
        private readonly Conv2d[] _convs;

        public ExtraLevels(int width, int levels) : base(nameof(ExtraLevels))
        {
            _convs = new Conv2d[levels];
            for (var i = 0; i < levels; i++)
            {
                _convs[i] = PyramidConvolution(width, width, 3, stride: 2);
                register_module($"p{6 + i}", _convs[i]);
            }
        }

        public override Tensor[] forward(Tensor p5)
        {
            using var scope = NewDisposeScope();
            var results = new Tensor[_convs.Length];
            for (var i = 0; i < _convs.Length; i++)
                results[i] = _convs[i].forward(i == 0 ? p5 : functional.relu(results[i - 1]));
            foreach (var map in results)
                map.MoveToOuterDisposeScope();
            return results;
        }
    }
}

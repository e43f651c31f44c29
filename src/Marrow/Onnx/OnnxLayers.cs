// TorchSharp's layers as ONNX nodes. A node is named by its module's key and a constant by its state-dict key, so that
// what is seen in a viewer of ONNX is found again in the checkpoint. Norms stay nodes of their own: DenseNet's come
// before the convolutions and read maps that several layers share, so most of them could not be folded away; a runtime
// folds the others when it loads the file.

using Marrow.Computing;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Marrow.Onnx;

/// <summary>Adds to one graph, from one model.</summary>
internal sealed class OnnxLayers(OnnxGraph graph, nn.Module model)
{
    private readonly Dictionary<string, nn.Module> _modules =
        model.named_modules().ToDictionary(m => m.name, m => m.module, StringComparer.Ordinal);

    private readonly HashSet<string> _constants = new(StringComparer.Ordinal);

    public OnnxGraph Graph { get; } = graph;

    public bool Has(string key) => _modules.ContainsKey(key);

    public bool IsGroupNorm(string key) => _modules.TryGetValue(key, out var module) && module is GroupNorm;

    /// <summary>A convolution, padded with zeros by as much on every side as its module says.</summary>
    /// <param name="at">Follows the key in the node's name where a module is applied in several places.</param>
    /// <param name="padding">In place of the module's.</param>
    public string Convolution(string x, string key, string at = "", ProtoMessage? padding = null)
    {
        var conv = Module<Conv2d>(key);
        var sides = conv.padding ?? throw new NotSupportedException($"{key}: padding given by name.");
        return Graph.Node("Conv", key + at, [x, .. Parameters(key, conv.weight!, conv.bias)],
            OnnxAttribute.Integers("kernel_shape", conv.kernel_size), OnnxAttribute.Integers("strides", conv.stride),
            padding ?? OnnxAttribute.Integers("pads", [.. sides, .. sides]));
    }

    public string BatchNorm(string x, string key)
    {
        var norm = Module<BatchNorm2d>(key);
        return Graph.Node("BatchNormalization", key,
            [
                x, .. Parameters(key, norm.weight!, norm.bias),
                Constant($"{key}.running_mean", norm.running_mean!), Constant($"{key}.running_var", norm.running_var!),
            ],
            OnnxAttribute.Real("epsilon", norm.eps));
    }

    /// <summary>
    /// Operator set 17 has no GroupNormalization: each group is an instance, [N, C, H, W] ->
    /// [N, groups, C / groups * H * W] and back.
    /// </summary>
    /// <param name="at">As in <see cref="Convolution"/>.</param>
    public string GroupNorm(string x, string key, string at = "")
    {
        var norm = Module<GroupNorm>(key);
        var (groups, channels, node) = (norm.num_groups, norm.weight!.shape[0], key + at);
        var (ones, zeros) = (Enumerable.Repeat(1f, (int)groups).ToArray(), new float[groups]);
        var grouped = Graph.Node("Reshape", $"{node}.grouped",
            [x, Once($"{key}.groups", k => Graph.Constant(k, [0, groups, -1], 3))]);
        var normal = Graph.Node("InstanceNormalization", $"{node}.normal",
            [
                grouped, Once($"{key}.ones", k => Graph.Constant(k, ones, groups)),
                Once($"{key}.zeros", k => Graph.Constant(k, zeros, groups)),
            ],
            OnnxAttribute.Real("epsilon", norm.eps));
        var back = Graph.Node("Reshape", $"{node}.back", [normal, Graph.Node("Shape", $"{node}.shape", [x])]);
        var scaled = Graph.Node("Mul", $"{node}.scaled",
            [back, Constant($"{key}.weight", norm.weight!, channels, 1, 1)]);
        return Graph.Node("Add", node, [scaled, Constant($"{key}.bias", norm.bias!, channels, 1, 1)]);
    }

    /// <summary>[N, in] -> [N, out].</summary>
    /// <param name="output">The node's name, where it is not the key.</param>
    public string Linear(string x, string key, string? output = null)
    {
        var linear = Module<Linear>(key);
        return Graph.Node("Gemm", output ?? key, [x, .. Parameters(key, linear.weight!, linear.bias)],
            OnnxAttribute.Integer("transB", 1));
    }

    public string Relu(string x) => Graph.Node("Relu", $"{x}.relu", [x]);

    private string[] Parameters(string key, Tensor weight, Tensor? bias) => bias is null
        ? [Constant($"{key}.weight", weight)]
        : [Constant($"{key}.weight", weight), Constant($"{key}.bias", bias)];

    private string Constant(string key, Tensor values, params long[] shape) => Once(key, name =>
        {
            using var scope = NewDisposeScope();
            return Graph.Constant(
                name,
                values.detach().to(ScalarType.Float32).Values<float>(),
                shape.Length > 0 ? shape : values.shape);
        });

    private string Once(string key, Func<string, string> add) => _constants.Add(key) ? add(key) : key;

    /// <summary>The module of a key, which must be there and of this type.</summary>
    public T Module<T>(string key) where T : nn.Module => _modules.TryGetValue(key, out var module) && module is T known
        ? known
        : throw new NotSupportedException($"{key}: no {typeof(T).Name}.");
}

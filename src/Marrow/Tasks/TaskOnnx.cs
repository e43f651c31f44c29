// How the models of a task become an ONNX graph. A task's folder has one writer, which its descriptor names; what
// checks an export asks the same writer what Marrow itself gives. Data flow: image -> nodes of the backbone -> nodes
// of the head -> the graph's outputs, each with its unit and its meaning.

using System.Globalization;
using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Onnx;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>The graph to which a task adds its nodes, and everything that is known about the model.</summary>
/// <param name="Layers">The model's layers, by their keys.</param>
/// <param name="Image">The name of the graph's input, [N, C, H, W] of the contract's size.</param>
/// <param name="Decode">True for probabilities, boxes and corners in place of the model's raw numbers.</param>
internal sealed record OnnxSheet(OnnxLayers Layers, string Image, CheckpointConfig Config, bool Decode)
{
    /// <summary>The name of the first size of every input and of most outputs, which can have any value.</summary>
    public const string BatchSize = "N";

    public OnnxGraph Graph => Layers.Graph;

    /// <summary>Adds the backbone's maps from C<paramref name="firstLevel"/> to C5, and returns their names.</summary>
    public IReadOnlyList<string> Pyramid(int firstLevel)
    {
        var prefix = ModelCatalogue.BackbonePrefix(Config.Model);
        return Layers.Module<Backbone>(prefix.TrimEnd('.')).WriteOnnx(Layers, Image, prefix, firstLevel);
    }

    /// <summary>Adds the backbone up to its last map, [N, F, h, w], and returns that map's name.</summary>
    public string LastMap()
    {
        var prefix = ModelCatalogue.BackbonePrefix(Config.Model);
        return Pyramid(Layers.Module<Backbone>(prefix.TrimEnd('.')).Levels.Count)[0];
    }

    /// <summary>Adds the mean of the last map over the image, [N, F], and returns its name.</summary>
    public string PooledFeatures() => Graph.Node("Flatten", "features.flat",
        [Graph.Node("GlobalAveragePool", "features.mean", [LastMap()])]);

    /// <summary>Makes a value an output of floats, [N, ...].</summary>
    /// <param name="shape">The sizes that follow the batch size.</param>
    public void Output(string name, string unit, string meaning, params IReadOnlyList<int> shape) =>
        Graph.Output(new(name, OnnxType.Float32, [BatchSize, .. shape.Select(Text)], unit, meaning));

    /// <summary>Returns a description that ends with the names of the outputs.</summary>
    public string Named(string what) => $"{what}: {string.Join(", ", Config.OutputNames)}.";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>Writes the models of one task as ONNX graphs.</summary>
internal abstract class TaskOnnx
{
    /// <summary>
    /// Adds the nodes and outputs of a model. Throws <see cref="MarrowException"/> for a model of another task.
    /// </summary>
    public abstract void Write(OnnxSheet sheet, Module model);

    /// <summary>Returns Marrow's own values for the outputs of floats, by their names.</summary>
    /// <param name="input">The images, [N, C, H, W] in float32.</param>
    public abstract IReadOnlyDictionary<string, float[]> Expected(
        Module model, Tensor input, CheckpointConfig config, bool decode);

    /// <summary>
    /// Returns the rows that Marrow computes from the graph's own outputs of floats, for an output that consists of
    /// rows of three indices in any order. It is never called for a graph without such an output.
    /// </summary>
    /// <param name="given">The graph's outputs of floats for a batch, by name.</param>
    public virtual HashSet<(long, long, long)> ExpectedRows(
        IReadOnlyDictionary<string, float[]> given, int images, CheckpointConfig config) => [];

    /// <summary>Returns all numbers of a tensor in row-major order.</summary>
    protected static float[] Flat(Tensor values)
    {
        using var scope = NewDisposeScope();
        return values.detach().to(ScalarType.Float32).Values<float>();
    }
}

/// <summary>Writes the models of one class as ONNX graphs.</summary>
internal abstract class TaskOnnx<TModel> : TaskOnnx where TModel : Module
{
    public sealed override void Write(OnnxSheet sheet, Module model) => Write(sheet, Known(model));

    public sealed override IReadOnlyDictionary<string, float[]> Expected(
        Module model, Tensor input, CheckpointConfig config, bool decode) =>
        Expected(Known(model), input, config, decode);

    protected abstract void Write(OnnxSheet sheet, TModel model);

    protected abstract IReadOnlyDictionary<string, float[]> Expected(
        TModel model, Tensor input, CheckpointConfig config, bool decode);

    private static TModel Known(Module model) => model as TModel
        ?? throw MarrowException.Bad("onnx", $"a {typeof(TModel).Name}", model.GetName(),
            "Export it as safetensors or pth.");
}

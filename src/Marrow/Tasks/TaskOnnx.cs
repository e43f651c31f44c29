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

/// <summary>The graph that a task writes into, and what it knows of the model.</summary>
/// <param name="Layers">The model's layers, by their keys.</param>
/// <param name="Image">The name of the graph's input, [N, C, H, W] of the contract's size.</param>
/// <param name="Decode">True for probabilities, boxes and corners in place of the model's raw numbers.</param>
internal sealed record OnnxSheet(OnnxLayers Layers, string Image, CheckpointConfig Config, bool Decode)
{
    /// <summary>The first size of every input and of most outputs, which is free.</summary>
    public const string BatchSize = "N";

    public OnnxGraph Graph => Layers.Graph;

    /// <summary>The backbone's maps from C<paramref name="firstLevel"/> to C5, by name.</summary>
    public IReadOnlyList<string> Pyramid(int firstLevel)
    {
        var prefix = ModelCatalogue.BackbonePrefix(Config.Model);
        return Layers.Module<Backbone>(prefix.TrimEnd('.')).WriteOnnx(Layers, Image, prefix, firstLevel);
    }

    /// <summary>The backbone's last map, [N, F, h, w].</summary>
    public string LastMap()
    {
        var prefix = ModelCatalogue.BackbonePrefix(Config.Model);
        return Pyramid(Layers.Module<Backbone>(prefix.TrimEnd('.')).Levels.Count)[0];
    }

    /// <summary>The mean of the last map over the image, [N, F].</summary>
    public string PooledFeatures() => Graph.Node("Flatten", "features.flat",
        [Graph.Node("GlobalAveragePool", "features.mean", [LastMap()])]);

    /// <summary>A value becomes an output of floats, [N, ...].</summary>
    /// <param name="shape">What follows the batch.</param>
    public void Output(string name, string unit, string meaning, params IReadOnlyList<int> shape) =>
        Graph.Output(new(name, OnnxType.Float32, [BatchSize, .. shape.Select(Text)], unit, meaning));

    /// <summary>A meaning that ends with the names of the outputs.</summary>
    public string Named(string what) => $"{what}: {string.Join(", ", Config.OutputNames)}.";

    private static string Text(int value) => value.ToString(CultureInfo.InvariantCulture);
}

/// <summary>The models of one task as ONNX graphs.</summary>
internal abstract class TaskOnnx
{
    /// <summary>Adds nodes and outputs. Throws <see cref="MarrowException"/> for a model of another task.</summary>
    public abstract void Write(OnnxSheet sheet, Module model);

    /// <summary>What Marrow computes for the outputs of floats, by their names.</summary>
    /// <param name="input">[N, C, H, W], float32.</param>
    public abstract IReadOnlyDictionary<string, float[]> Expected(
        Module model, Tensor input, CheckpointConfig config, bool decode);

    /// <summary>
    /// What Marrow makes of the graph's own outputs of floats where another output is rows of three indices, whose
    /// order is free. Never asked for where no output is.
    /// </summary>
    /// <param name="given">The graph's outputs of floats for a batch, by name.</param>
    public virtual HashSet<(long, long, long)> ExpectedRows(
        IReadOnlyDictionary<string, float[]> given, int images, CheckpointConfig config) => [];

    /// <summary>All numbers of a tensor, row-major.</summary>
    protected static float[] Flat(Tensor values)
    {
        using var scope = NewDisposeScope();
        return values.detach().to(ScalarType.Float32).Values<float>();
    }
}

/// <summary>The same for models of one class.</summary>
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

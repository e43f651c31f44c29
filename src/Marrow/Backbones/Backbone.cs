// What the rest of Marrow knows of a feature extractor. A head takes a Backbone and asks it for channels and strides;
// BackboneShape, an entry of the catalogue, says the same before anything is built. Data flow: image -> stem -> blocks
// -> one map after each of them, which heads combine.

using Marrow.Modules;
using Marrow.Onnx;
using static TorchSharp.torch;

namespace Marrow.Backbones;

/// <summary>One map of a backbone: [N, channels, H / stride, W / stride].</summary>
public readonly struct BackboneLevel(int channels, int stride)
{
    /// <summary>Channels of the map.</summary>
    public int Channels { get; } = channels;

    /// <summary>Input pixels from one cell of the map to the next.</summary>
    public int Stride { get; } = stride;

    /// <summary>
    /// Where the first cell of the map looks: the centre of what it sees, in input pixels from the image's edge. It is
    /// half a stride where each cell stands for the pixels below it. Convolutions by steps of two that are padded on
    /// both sides look at every second pixel, from the first one on: 0.5 px.
    /// </summary>
    public double FirstCenter { get; init; } = stride / 2.0;
}

/// <summary>A part of the backbone that is frozen, unfrozen and given its learning rate as one.</summary>
public sealed class BackboneStage(string name, IReadOnlyList<string> prefixes)
{
    /// <summary>The stem, then the blocks: "stem", "block1" to "block4".</summary>
    public string Name { get; } = name;

    /// <summary>
    /// Its keys start with one of these: those of its layers, and those of what follows up to the next stage, as a
    /// norm.
    /// </summary>
    public IReadOnlyList<string> Prefixes { get; } = prefixes;

    /// <summary>Whether a key is of this stage.</summary>
    internal bool Owns(string key) => Prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The same stage in a model whose backbone's keys begin with this: "features.".</summary>
    internal BackboneStage Under(string prefix) => new(Name, [.. Prefixes.Select(own => prefix + own)]);
}

/// <summary>
/// A feature extractor: [N, C, H, W], H and W of at least 32, -> its last map, [N, F, H/32, W/32], where F is
/// <see cref="OutputChannels"/>. Its maps are the levels C1 to C5, of which level l has stride 2^l: C1 is the stem's,
/// C2 to C5 are the blocks'. Where a side is odd, half of it is rounded up for C1 and for C2.
/// </summary>
public abstract class Backbone : KeyedModule<Tensor, Tensor>
{
    /// <summary>A backbone of these maps and parts; the deriving class registers its modules.</summary>
    /// <param name="name">What messages call it: "DenseNet".</param>
    /// <param name="levels">C1 to C5.</param>
    /// <param name="stages">One for each level, by keys of the backbone's own.</param>
#pragma warning disable RS0022 // Anybody may derive a backbone, and every head takes it.
    protected Backbone(
        string name, IReadOnlyList<BackboneLevel> levels, IReadOnlyList<BackboneStage> stages) : base(name) =>
        (Levels, Stages) = (levels, stages);
#pragma warning restore RS0022

    /// <summary>C1 to C5, from shallow to deep: level l stands at l - 1.</summary>
    public IReadOnlyList<BackboneLevel> Levels { get; }

    /// <summary>From shallow to deep, one for each of <see cref="Levels"/>, whose map it gives.</summary>
    public IReadOnlyList<BackboneStage> Stages { get; }

    /// <summary>Channels of the last map.</summary>
    public int OutputChannels => Levels[^1].Channels;

    /// <summary>Channels of the maps that <see cref="ForwardPyramid"/> gives.</summary>
    /// <param name="firstLevel">1 to 5.</param>
    internal IReadOnlyList<int> PyramidChannels(int firstLevel) =>
        [.. Levels.Skip(firstLevel - 1).Select(level => level.Channels)];

    /// <summary>
    /// The maps from C<paramref name="firstLevel"/> to C5, each after the norm and ReLU that follow it, where
    /// pretrained statistics have brought all channels to one scale. The caller disposes them.
    /// </summary>
    /// <param name="images">[N, C, H, W].</param>
    /// <param name="firstLevel">1 to 5.</param>
    public abstract Tensor[] ForwardPyramid(Tensor images, int firstLevel);

    /// <summary>The last map alone.</summary>
    public override Tensor forward(Tensor input)
    {
        using var scope = NewDisposeScope();
        return ForwardPyramid(input, Levels.Count)[0].MoveToOuterDisposeScope();
    }

    /// <summary>
    /// The same backbone for one of several models that share it: it computes on the weights of this one and has none
    /// itself. Who has this one goes on owning the weights.
    /// </summary>
    internal Backbone Shared() => new SharedBackbone(this);

    /// <summary>
    /// Adds the nodes of <see cref="ForwardPyramid"/> to a graph; returns the maps' names. Throws
    /// <see cref="MarrowException"/> for a backbone that has none.
    /// </summary>
    /// <param name="image">The name of what the backbone is given, [N, C, H, W].</param>
    /// <param name="prefix">What the backbone's keys begin with in the model: "features.".</param>
    /// <param name="firstLevel">1 to 5.</param>
    internal virtual IReadOnlyList<string> WriteOnnx(OnnxLayers layers, string image, string prefix, int firstLevel) =>
        throw MarrowException.Bad("onnx", "a backbone that can be written as ONNX nodes, as those of the catalogue",
            GetName(), "Export it as safetensors or pth.");
}

/// <summary>The sizes of a backbone and what follows from them alone: a line of the catalogue.</summary>
internal abstract class BackboneShape
{
    /// <summary>See <see cref="Backbone.Levels"/>.</summary>
    public abstract IReadOnlyList<BackboneLevel> Levels { get; }

    /// <summary>See <see cref="Backbone.Stages"/>.</summary>
    public abstract IReadOnlyList<BackboneStage> Stages { get; }

    /// <summary>
    /// What its keys are in files of other programs; one for all shapes of a kind. Null where no other program has it.
    /// </summary>
    public virtual BackboneSpelling? Spelling => null;

    /// <summary>Whether weights of another program are of this shape and of no other of the catalogue.</summary>
    /// <param name="weights">Shapes by the backbone's own keys.</param>
    public virtual bool Fits(IReadOnlyDictionary<string, long[]> weights) => false;

    /// <summary>Random weights, drawn from torch's global generator; the caller disposes the backbone.</summary>
    /// <param name="channels">Of the images.</param>
    public abstract Backbone Build(int channels);
}

// One backbone with what several tasks put on it (Caruana, "Multitask Learning", Machine Learning 28, 1997). Data flow:
// images of one part [N, C, H, W] -> the backbone that all parts share -> the part's own layers -> the part's outputs.
// Parts may look at images of different sizes; each has batches of its own. Keys: "features." for the backbone, as in
// most other models, and "parts.NAME." for what a part has beside it.

using Marrow.Backbones;
using Marrow.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Multitask;

/// <summary>
/// Maps images [N, C, H, W] to the last map of the shared backbone, [N, F, H/32, W/32]. What the parts say of images is
/// asked of <see cref="Parts"/>.
/// </summary>
internal sealed class MultitaskNet : KeyedModule<Tensor, Tensor>
{
    /// <summary>What the keys of the parts begin with.</summary>
    public const string PartsPrefix = "parts.";

    /// <param name="backbone">The backbone, which the model owns from then on unless the constructor throws.</param>
    /// <param name="specs">The parts; their names differ.</param>
    public MultitaskNet(Backbone backbone, IReadOnlyList<PartSpec> specs) : base(nameof(MultitaskNet))
    {
        Features = backbone;
        var parts = new List<(string Name, Module Module)>();
        try
        {
            foreach (var (name, spec) in specs)
                parts.Add((name, ModelCatalogue.BuildOn(backbone.Shared(), spec)));
        }
        catch
        {
            parts.ForEach(part => part.Module.Dispose());
            throw;
        }
        Parts = parts;
        register_module("features", backbone);
        register_module(PartsPrefix.TrimEnd('.'), new ModuleFolder(parts));
    }

    /// <summary>The backbone that all parts share.</summary>
    public Backbone Features { get; }

    /// <summary>
    /// The model of each part. It computes on the shared backbone, whose parameters it does not have.
    /// </summary>
    public IReadOnlyList<(string Name, Module Module)> Parts { get; }

    public override Tensor forward(Tensor input) => Features.forward(input);
}

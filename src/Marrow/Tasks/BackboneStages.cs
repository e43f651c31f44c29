using Marrow.Backbones;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>Divides a model's backbone into stages, for freezing and for learning rates that depend on depth.</summary>
internal static class BackboneStages
{
    /// <summary>
    /// Returns the stages from shallow to deep. Parameters that belong to no stage belong to the head.
    /// </summary>
    public static IReadOnlyList<BackboneStage> Of(ModelSpec spec)
    {
        var prefix = ModelCatalogue.BackbonePrefix(spec.Architecture);
        var shape = BackboneCatalogue.Get(ModelCatalogue.BackboneName(spec.Architecture));
        return [.. shape.Stages.Select(stage => stage.Under(prefix))];
    }

    /// <summary>
    /// Returns the activations of each stage for images [N, C, H, W], after the norm and the ReLU that follow it. The
    /// stages are ordered from shallow to deep, as <see cref="Of"/> lists them. The caller disposes the tensors.
    /// </summary>
    /// <param name="model">A model of the catalogue.</param>
    internal static IReadOnlyList<(string Stage, Tensor Activations)> Activations(
        Module model,
        ModelSpec spec,
        Tensor images)
    {
        var features = BackboneOf(model, spec);
        return [.. features.Stages.Select(stage => stage.Name).Zip(features.ForwardPyramid(images, firstLevel: 1))];
    }

    /// <summary>Returns the backbone within a model of the catalogue, which goes on owning it.</summary>
    internal static Backbone BackboneOf(Module model, ModelSpec spec)
    {
        var name = ModelCatalogue.BackbonePrefix(spec.Architecture).TrimEnd('.');
        return (Backbone)model.named_modules().First(m => m.name == name).module;
    }
}

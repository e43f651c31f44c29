using Marrow.Backbones;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>A part of the backbone that is frozen, unfrozen and given its learning rate as one.</summary>
/// <param name="Name">"stem", "block1" to "block4".</param>
/// <param name="Prefixes">Its keys start with one of these.</param>
public sealed record BackboneStage(string Name, IReadOnlyList<string> Prefixes)
{
    public bool Owns(string key) => Prefixes.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal));
}

/// <summary>The parts of a model's backbone, for freezing and for learning rates that differ by depth.</summary>
public static class BackboneStages
{
    /// <summary>From shallow to deep. Parameters that no stage owns belong to the head.</summary>
    public static IReadOnlyList<BackboneStage> Of(ModelSpec spec)
    {
        var prefix = ModelCatalogue.BackbonePrefix(spec.Architecture);
        var blocks = ModelCatalogue.Backbones[ModelCatalogue.BackboneName(spec.Architecture)].BlockLayers.Count;
        var stages = new List<BackboneStage> { new("stem", [$"{prefix}conv0.", $"{prefix}norm0."]) };
        for (var b = 1; b <= blocks; b++)
            stages.Add(new($"block{b}", [$"{prefix}denseblock{b}.", b == blocks ? $"{prefix}norm5." : $"{prefix}transition{b}."]));
        return stages;
    }

    /// <summary>
    /// What each stage gives for [N, C, H, W], after the norm and ReLU that follow it, from shallow to deep as
    /// <see cref="Of"/> lists them; the caller disposes them.
    /// </summary>
    /// <param name="model">Of the catalogue.</param>
    internal static IReadOnlyList<(string Stage, Tensor Activations)> Activations(Module model, ModelSpec spec, Tensor images)
    {
        var name = ModelCatalogue.BackbonePrefix(spec.Architecture).TrimEnd('.');
        var features = (DenseNetFeatures)model.named_modules().First(m => m.name == name).module;
        return [.. Of(spec).Select(stage => stage.Name).Zip(features.ForwardPyramid(images, firstLevel: 1))];
    }
}

using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Multitask;

/// <summary>
/// The task of learning several other tasks at once on one backbone, each from a data set of its own. What counts most
/// is the backbone, from which any other task can start.
/// </summary>
internal sealed class MultitaskDescriptor : TaskDescriptor
{
    public const string TaskName = "multitask";

    /// <summary>The most parts of a model.</summary>
    public const int MostParts = 20;

    public override string Name => TaskName;

    /// <summary>No best weights are chosen, since the parts would want different ones.</summary>
    public override IReadOnlyList<string> Metrics => [];

    internal override string ArchitecturePrefix => "multi-";
    internal override Type ModelType => typeof(MultitaskTask);
    internal override bool HasParts => true;
    internal override bool CanBePart => false;
    internal override bool RefusesUnfamiliar => false; // What is familiar to one part is not to another.
    internal override string? PipelineTag => "image-feature-extraction";

    internal override string WhyNoProbe =>
        "it is several tasks, so no one ranking is made of it. Name one of them by --task";

    internal override string InsteadOfExplanation =>
        "Start a model of the one task from this checkpoint, and ask that for explanations.";

    internal override Module Build(Backbone backbone, ModelSpec spec) => new MultitaskNet(backbone, spec.Parts ?? []);

    /// <summary>
    /// Combines a module with no part's loss and metrics, which take a config or the data of each part:
    /// <see cref="Create(Module, CheckpointConfig, string)"/> and <see cref="MultitaskTask.Create"/>.
    /// </summary>
    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) => new MultitaskTask((MultitaskNet)module, spec, input, []);

    internal override TaskModel Create(Module module, CheckpointConfig config, string path)
    {
        var model = (MultitaskNet)module;
        return new MultitaskTask(model, config.Model, config.Input,
        [
            .. config.PartConfigs.Zip(model.Parts, (part, built) =>
                new TaskPart(part.Name, TaskCatalogue.Of(part.Config, built.Module, path))),
        ]);
    }

    internal override bool IsLabelled(Sample sample) => false; // The parts' tasks say what is labelled.

    internal override string Summary(CheckpointConfig config) =>
        $"Several tasks on one backbone: {string.Join(", ", (config.Parts ?? []).Select(part => part.Name))}";

    internal override long LeastElements(ModelSpec spec) =>
        Math.Max(1, (spec.Parts ?? []).Sum(part => ModelCatalogue.LeastElements(part.Model)));

    internal override void Validate(CheckpointConfig config, ConfigCheck require)
    {
        var (specs, parts) = (config.Model.Parts!, config.Parts!);
        require(
            specs.Count is >= 1 and <= MostParts && parts.Count == specs.Count,
            $"1 to {MostParts} parts, in the model as in the config",
            $"{specs.Count} and {parts.Count}");
        require(
            specs.All(part => CheckpointName.IsPart(part.Name))
                && specs.DistinctBy(part => part.Name, StringComparer.Ordinal).Count() == specs.Count
                && specs.Select(part => part.Name).SequenceEqual(parts.Select(part => part.Name)),
            "parts with names of their own (lower-case letters, digits, '-', '_'), the same in the model as in the "
                + "config",
            $"'{string.Join("', '", specs.Select(part => part.Name))}' and "
                + $"'{string.Join("', '", parts.Select(part => part.Name))}'");
        var backbone = ModelCatalogue.BackboneName(config.Model.Architecture);
        foreach (var (spec, part) in specs.Zip(parts))
        {
            var task = TaskCatalogue.Find(part.Task);
            require(
                task is { CanBePart: true },
                $"a task of {string.Join(", ", TaskCatalogue.Names(t => t.CanBePart))} for the part {part.Name}",
                $"'{part.Task}'");
            require(
                spec.Model.Architecture == task!.ArchitecturePrefix + backbone,
                $"the architecture {task.ArchitecturePrefix}{backbone} for the part {part.Name}",
                $"'{spec.Model.Architecture}'");
            require(
                spec.Model.Channels == config.Model.Channels,
                $"{config.Model.Channels} channels for the part {part.Name}, as for the whole",
                $"{spec.Model.Channels}");
            require(
                part.Input.Crop is null && part.Input.Strip is null,
                $"whole images for the part {part.Name}",
                "crops or strips");
        }
        var outputs = specs.Sum(part => (long)part.Model.Outputs);
        require(
            outputs == config.Model.Outputs,
            $"as many outputs as the parts have together, {outputs}",
            $"{config.Model.Outputs}");
    }
}

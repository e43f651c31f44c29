using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks.Numbers;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Own;

/// <summary>Presents an <see cref="OwnTask"/> in the form in which the rest of Marrow knows tasks.</summary>
internal sealed class OwnDescriptor(OwnTask task) : TaskDescriptor
{
    public override string Name => task.Name;
    public override IReadOnlyList<string> Metrics => task.Metrics;
    internal override string ArchitecturePrefix => task.Name + "-";
    internal override Type ModelType => typeof(OwnTaskModel);
    internal override bool HasNamedOutputs => true;
    internal override bool CanBePart => false; // A process without the task could read nothing of the whole.
    internal override IReadOnlyList<string> CsvKinds => [task.LabelKind];
    internal override bool OutputsAreColumns => task.LabelKind == "numbers";

    internal override Module Build(Backbone backbone, ModelSpec spec) =>
        new OwnModel(backbone, task.CreateHead(backbone.OutputChannels, spec.Outputs));

    /// <summary>
    /// Returns the specification of a model. It has the prefix of the backbone, for processes that do not know the
    /// task.
    /// </summary>
    internal override ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) =>
        base.Spec(request, input, data) with { BackbonePrefix = BackbonePrefix };

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) => new OwnTaskModel(task, (OwnModel)module, spec, input, layout);

    internal override bool IsLabelled(Sample sample) => OwnTaskModel.Truth(sample).Any(value => !double.IsNaN(value));

    internal override string Summary(CheckpointConfig config) =>
        $"For {task.Purpose}: {string.Join(", ", config.Classes)}";

    internal override void Validate(CheckpointConfig config, ConfigCheck require) =>
        NumbersDescriptor.RequireNamesAndMeanings(config, require);
}

/// <summary>Maps images [N, C, H, W] to the output of the head.</summary>
internal sealed class OwnModel : Modules.KeyedModule<Tensor, Tensor>
{
    private readonly Module<Tensor, Tensor> _head;

    /// <param name="backbone">The backbone, which the model owns from then on, like the head.</param>
    public OwnModel(Backbone backbone, Module<Tensor, Tensor> head) : base(nameof(OwnModel))
    {
        (Features, _head) = (backbone, head);
        register_module("features", backbone);
        register_module("head", head);
    }

    public Backbone Features { get; }

    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Output(Features.forward(images)).MoveToOuterDisposeScope();
    }

    /// <summary>Maps the backbone's last map [N, F, H/32, W/32] to the output of the head.</summary>
    public Tensor Output(Tensor features) => _head.forward(features);
}

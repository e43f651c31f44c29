using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Classify;

/// <summary>The task of naming a radiograph's class or its findings.</summary>
internal sealed class ClassifyDescriptor : TaskDescriptor
{
    public override string Name => CheckpointTask.Classify;
    public override IReadOnlyList<string> Metrics => ["auroc", "accuracy", "kappa"];
    internal override string ArchitecturePrefix => "";
    internal override Type ModelType => typeof(ClassifyTask);
    internal override TaskOnnx? Onnx => new ClassifyOnnx();
    internal override bool HasNamedOutputs => true;
    internal override IReadOnlyList<string> CsvKinds => ["classes", "findings"];
    internal override bool HasUncertainLabels => true;
    internal override IReadOnlyList<CropRegion> Crops => [CropRegion.Spine];
    internal override ProbeKind? Probe => ProbeKind.Classes;
    internal override bool IsTriedOnChests => true;
    internal override string? PipelineTag => "image-classification";

    internal override Module Build(Backbone backbone, ModelSpec spec) => new Classifier(backbone, spec.Outputs);

    internal override ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) =>
        new() { Architecture = request.Architecture, Channels = input.Channels, Outputs = data.Classes.Count };

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) =>
        new ClassifyTask((Classifier)module, spec, input, layout);

    internal override bool IsLabelled(Sample sample) => sample.Labels.Count > 0;

    internal override bool CanLearnFrom(IReadOnlyList<Sample> labelled) => labelled.Any(sample => sample.HasKnownLabel);

    internal override string Summary(CheckpointConfig config) =>
        $"Classification of radiographs: {string.Join(", ", config.Classes)}";

    internal override IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) =>
        [new("pred", "probabilities", "classes", [1], [.. config.OutputNames.Select(name => $"logit of {name}")])];

    internal override void Validate(CheckpointConfig config, ConfigCheck require) =>
        require(
            config.Classes.Count == config.Model.Outputs,
            "a class for each output",
            $"{config.Classes.Count} classes, {config.Model.Outputs} outputs");
}

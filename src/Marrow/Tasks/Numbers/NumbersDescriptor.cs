using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Numbers;

/// <summary>The task of predicting one or several numbers of any unit.</summary>
internal sealed class NumbersDescriptor : TaskDescriptor
{
    public override string Name => CheckpointTask.Regress;
    public override IReadOnlyList<string> Metrics => ["nmae", "mae", "rmse", "pearson", "r2"];
    internal override string ArchitecturePrefix => "regress-";
    internal override Type ModelType => typeof(RegressTask);
    internal override TaskOnnx? Onnx => new NumbersOnnx();
    internal override bool HasNamedOutputs => true;
    internal override IReadOnlyList<string> CsvKinds => ["numbers"];
    internal override bool OutputsAreColumns => true;
    internal override IReadOnlyList<CropRegion> Crops => [CropRegion.Spine];

    internal override Module Build(Backbone backbone, ModelSpec spec) => new NumberRegressor(backbone, spec.Outputs);

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) => new RegressTask((NumberRegressor)module, spec, input, layout);

    internal override bool IsLabelled(Sample sample) => sample.Numbers.Any(value => !double.IsNaN(value));

    internal override (string Key, string Message)? ConsistencyFault(AugmentationOptions augment) =>
        augment.FlipProbability == 0
            ? (
                "",
                "uda: how sure the model is of a number is judged by the mirror image. If its numbers are the same, "
                    + "say so by augment: {flipProbability: 0.5} of the stage; if they are not, remove uda and "
                    + "unlabeled."
            )
            : null;

    internal override string Summary(CheckpointConfig config) =>
        $"Numbers of radiographs: {string.Join(", ", config.Classes)}";

    internal override IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) =>
        [new("pred", "tuples", "regression", [1], [.. config.Outputs.Select(o => $"{o.Name} {o.Unit}".TrimEnd())])];

    internal override void Validate(CheckpointConfig config, ConfigCheck require) =>
        RequireNamesAndMeanings(config, require);

    /// <summary>Checks the names and meanings of outputs for tasks whose outputs are the columns of a table.</summary>
    internal static void RequireNamesAndMeanings(CheckpointConfig config, ConfigCheck require) =>
        require(
            config.Classes.Count == config.Model.Outputs && config.Outputs.Count == config.Model.Outputs,
            "a name and a meaning for each output",
            $"{config.Classes.Count} names and {config.Outputs.Count} meanings for {config.Model.Outputs} outputs");
}

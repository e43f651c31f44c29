using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Strip;

/// <summary>
/// The task of finding points anew along a curve that another model has found, on a strip in which it is laid straight.
/// </summary>
internal sealed class StripDescriptor : TaskDescriptor
{
    public override string Name => CheckpointTask.RefinePoints;
    public override IReadOnlyList<string> Metrics =>
        ["landmark-error", "smape", "mae", "landmark-error-median", "point-error", "point-error-median"];
    internal override string ArchitecturePrefix => "strip-";
    internal override Type ModelType => typeof(StripTask);
    internal override TaskOnnx? Onnx => new StripOnnx();
    internal override bool HasNamedOutputs => true;
    internal override IReadOnlyList<string> CsvKinds => ["points", "vertebrae"];
    internal override string? UsualCsvKind => CsvKinds[0];

    // A vertebra is some 56 px wide there, as wide as on the films of which most data sets are made.
    internal override (int Width, int Height, Fit Fit) DefaultInput => (128, 896, Fit.Letterbox);
    internal override bool Straightens => true;
    internal override bool RefusesUnfamiliar => false; // Whether the film is one, the model that finds the curve says.
    internal override SpineRole? SpineRole => Tasks.SpineRole.Strip;

    internal override Module Build(Backbone backbone, ModelSpec spec) =>
        new StripNet(backbone, spec.Items ?? 1, spec.Outputs);

    internal override ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) => new()
    {
        Architecture = request.Architecture,
        Channels = input.Channels,
        Items = StripSamples.ItemsOf(data),
        Outputs = StripSamples.PointsOf(data).Count,
    };

    internal override ClassLayout LayoutOf(Dataset data) => new(StripSamples.PointsOf(data), false, []);

    internal override DecodingContract Decoding { get; } = new StripDecoding();

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) =>
        new StripTask((StripNet)module, spec, input, layout) { Decoding = (StripDecoding)decoding! };

    internal override bool IsLabelled(Sample sample) => StripSamples.IsLabelled(sample);

    internal override string Summary(CheckpointConfig config) =>
        $"Points along a curve on radiographs: {string.Join(", ", config.Classes)} of each item";

    internal override IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) =>
        [
            new(
                "pred",
                "probabilities",
                "segmentation",
                ["n", "n"], // a quarter of the strip's height and width
                [.. config.OutputNames.Select(name => $"logit of {name}, in an item's own window")]),
        ];

    internal override void Validate(CheckpointConfig config, ConfigCheck require)
    {
        require(config.Model.Items is >= 2 and <= StripDecoding.MostItems,
            $"2 to {StripDecoding.MostItems} items along the curve", $"{config.Model.Items?.ToString() ?? "none"}");
        require(config.Input.Strip is not null, "an input that is a strip", "none");
    }
}

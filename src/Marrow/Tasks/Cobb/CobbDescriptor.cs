using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Cobb;

/// <summary>The task of measuring the three Cobb angles directly from the image.</summary>
internal sealed class CobbDescriptor : TaskDescriptor
{
    public override string Name => CheckpointTask.RegressCobb;
    public override IReadOnlyList<string> Metrics => ["smape", "mae", "euclidean", "manhattan", "pearson"];
    internal override string ArchitecturePrefix => "cobb-";
    internal override Type ModelType => typeof(RegressCobbTask);
    internal override TaskOnnx? Onnx => new CobbOnnx();
    internal override IReadOnlyList<string> CsvKinds => ["numbers", "vertebrae"];
    internal override string? UsualCsvKind => CsvKinds[0];
    internal override (int Width, int Height, Fit Fit) DefaultInput => SpineFilm.Input;
    internal override IReadOnlyList<CropRegion> Crops => [CropRegion.Spine];
    internal override ProbeKind? Probe => ProbeKind.Angles;

    internal override SpineRole? SpineRole => Tasks.SpineRole.Angles;

    internal override Module Build(Backbone backbone, ModelSpec spec) => new CobbRegressor(backbone, spec.Outputs);

    internal override ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) =>
        new()
        {
            Architecture = request.Architecture,
            Channels = input.Channels,
            Outputs = 3,
        };

    internal override DecodingContract Decoding { get; } = new CobbDecoding();

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) =>
        new RegressCobbTask((CobbRegressor)module, spec, input) { Decoding = (CobbDecoding)decoding! };

    internal override bool IsLabelled(Sample sample) => sample.CobbDegrees.Count > 0;

    internal override AugmentationOptions KeepingAnswers(AugmentationOptions augment) => augment with { Stretch = 0 };

    internal override (string Key, string Message)? ConsistencyFault(AugmentationOptions augment) =>
        augment.Stretch > 0
            ? (
                "augment",
                "augment: stretch changes Cobb angles, so that the plain image's are not the augmented one's. Remove "
                    + "stretch."
            )
            : null;

    internal override string Summary(CheckpointConfig config) => "Cobb angles of spine radiographs";

    internal override IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) =>
        [new("pred", "tuples", "angles", [1], [.. config.OutputNames.Select(name => $"degrees of {name}")])];
}

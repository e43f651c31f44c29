using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Tasks.Detect;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Vertebrae;

/// <summary>The task of finding the corners of the vertebrae T1 to L5, by a RetinaNet.</summary>
internal sealed class VertebraeDescriptor : TaskDescriptor
{
    public override string Name => CheckpointTask.DetectVertebrae;
    public override IReadOnlyList<string> Metrics =>
        ["smape", "mae", "landmark-error", "landmark-nmse", "ap", "ap50", "ap75"];
    internal override string ArchitecturePrefix => "retinanet-";
    internal override string BackbonePrefix => RetinaNet.BackbonePrefix;
    internal override Type ModelType => typeof(DetectVertebraeTask);
    internal override long LeastElements(ModelSpec spec) => RetinaNet.LeastElements(spec.Detector ?? new());
    internal override IReadOnlyList<string> CsvKinds => ["vertebrae"];
    internal override IReadOnlyList<string> LearnsBeside => [Name, DetectDescriptor.TaskName]; // boxes
    internal override (string Expected, string Found)? BesideFault(Dataset own, Dataset beside) =>
        beside.BoxClasses.Count > 1 ? ("boxes of one class", string.Join(", ", beside.BoxClasses)) : null;

    internal override TaskOnnx? Onnx => new RetinaNetOnnx();
    internal override (int Width, int Height, Fit Fit) DefaultInput => SpineFilm.Input;
    internal override IReadOnlyList<CropRegion> FindsCrops => [CropRegion.Spine, CropRegion.Vertebra];
    internal override bool HasDetector => true;
    internal override string WhyNoProbe =>
        $"a linear probe of pooled features can't tell how well corners will be found, so no ranking is made of it. "
            + $"Rank for {CheckpointTask.RegressCobb} on the same films, which is what the corners are for, or "
            + $"compare short runs of a recipe";
    internal override string? PipelineTag => "object-detection";

    internal override SpineRole? SpineRole => Tasks.SpineRole.Landmarks;

    internal override Module Build(Backbone backbone, ModelSpec spec) =>
        new RetinaNet(backbone, spec.Detector ?? new());

    internal override ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) => new()
    {
        Architecture = request.Architecture,
        Channels = input.Channels,
        Detector = request.ChangeDetector(DetectorSpec.Vertebrae(input.Width, input.Height)),
    };

    internal override DecodingContract Decoding { get; } = new VertebraeDecoding();

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) =>
        new DetectVertebraeTask((RetinaNet)module, spec, input) { Decoding = (VertebraeDecoding)decoding! };

    internal override bool IsLabelled(Sample sample) => sample.Vertebrae.Count > 0;

    internal override string Summary(CheckpointConfig config) =>
        "Detection of vertebrae and their corners on spine radiographs";

    internal override IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config)
    {
        var anchors = (object[])["n"]; // as many as the input's size gives
        return
        [
            new(
                "class_logits",
                "probabilities",
                "classes",
                anchors,
                [.. config.OutputNames.Select(name => $"logit of {name}")]),
            new("box_deltas", "tuples", "points", anchors, OverAnchor("x", "y", "log width", "log height")),
            new("corner_offsets", "tuples", "points", anchors,
                OverAnchor(
                    "top left x",
                    "top left y",
                    "top right x",
                    "top right y",
                    "bottom left x",
                    "bottom left y",
                    "bottom right x",
                    "bottom right y")),
        ];
    }

    internal override void Validate(CheckpointConfig config, ConfigCheck require) =>
        require(config.Model.Detector is not null, "the detector's parameters", "none");

    private static IReadOnlyList<string> OverAnchor(params string[] names) =>
        [.. names.Select(name => $"over the anchor: {name}")];
}

using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks.Numbers;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Detect;

/// <summary>
/// The task of drawing a box around each object of one or several classes, by a RetinaNet without corners.
/// </summary>
internal sealed class DetectDescriptor : TaskDescriptor
{
    public const string TaskName = "detect";

    public override string Name => TaskName;
    public override IReadOnlyList<string> Metrics => ["ap50", "ap", "ap75", "froc"];
    internal override string ArchitecturePrefix => "detect-";
    internal override string BackbonePrefix => RetinaNet.BackbonePrefix;
    internal override Type ModelType => typeof(DetectTask);
    internal override bool HasNamedOutputs => true;
    internal override IReadOnlyList<string> CsvKinds => ["boxes"];
    // a box keeps its shape
    internal override (int Width, int Height, Fit Fit) DefaultInput => (320, 320, Fit.Letterbox);
    internal override bool HasDetector => true;
    internal override bool IsTriedOnChests => true;
    internal override TaskOnnx? Onnx => new RetinaNetOnnx();
    internal override string? PipelineTag => "object-detection";
    internal override string InsteadOfExplanation =>
        "Its boxes are places of the image themselves, and the score of each says how sure the model is of it.";

    internal override long LeastElements(ModelSpec spec) => RetinaNet.LeastElements(spec.Detector ?? new());

    internal override string WhyNoProbe =>
        "a linear probe of pooled features can't tell how well boxes will be found, so no ranking is made of it. "
            + "Compare short runs of a recipe";

    internal override ClassLayout LayoutOf(Dataset data) => new(data.BoxClasses, Exclusive: false, ThreeClass: []);

    internal override ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) => new()
    {
        Architecture = request.Architecture,
        Channels = input.Channels,
        Outputs = data.BoxClasses.Count,
        Detector = request.ChangeDetector(AnchorFit.Of(data, input)) with { Classes = data.BoxClasses.Count },
    };

    internal override Module Build(Backbone backbone, ModelSpec spec) =>
        new RetinaNet(backbone, spec.Detector ?? new() { Corners = 0 });

    internal override DecodingContract Decoding { get; } = new BoxDecoding();

    internal override TaskModel Create(
        Module module, ModelSpec spec, InputContract input, ClassLayout layout, DecodingContract? decoding) =>
        new DetectTask((RetinaNet)module, spec, input, layout) { Decoding = (BoxDecoding)decoding! };

    internal override bool IsLabelled(Sample sample) => sample.Boxes is not null;

    internal override bool CanLearnFrom(IReadOnlyList<Sample> labelled) =>
        labelled.Any(sample => sample.Boxes!.Count > 0);

    internal override string Summary(CheckpointConfig config) =>
        $"Boxes on radiographs: {string.Join(", ", config.Classes)}";

    internal override IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) =>
        [
            new(
                "class_logits",
                "probabilities",
                "classes",
                ["n"],
                [.. config.OutputNames.Select(name => $"logit of {name}")]),
            new(
                "box_deltas",
                "tuples",
                "points",
                ["n"],
                [.. ((string[])["x", "y", "log width", "log height"]).Select(side => $"over the anchor: {side}")]),
        ];

    internal override void Validate(CheckpointConfig config, ConfigCheck require)
    {
        require(
            config.Model.Detector is { Corners: 0 },
            "the parameters of a detector without corners",
            config.Model.Detector is null ? "none" : "one with corners");
        require(
            config.Model.Detector!.Classes == config.Model.Outputs,
            "as many outputs as the detector has classes",
            $"{config.Model.Outputs} and {config.Model.Detector.Classes}");
        NumbersDescriptor.RequireNamesAndMeanings(config, require);
    }
}

using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Masks;

/// <summary>The task of finding the class of each pixel.</summary>
internal sealed class MasksDescriptor : TaskDescriptor
{
    public override string Name => CheckpointTask.Segment;
    public override IReadOnlyList<string> Metrics => ["dice", "iou", "surface-distance", "hausdorff95"];
    internal override string ArchitecturePrefix => "segment-";
    internal override Type ModelType => typeof(SegmentTask);
    internal override TaskOnnx? Onnx => new MasksOnnx();
    internal override string? PipelineTag => "image-segmentation";

    internal override bool LearnsFromMasks => true;

    internal override string InsteadOfExplanation =>
        "Its masks are places of the image themselves, and the confidence of each class says how sure the model is.";

    internal override Module Build(Backbone backbone, ModelSpec spec) => new SegmentationNet(backbone, spec.Outputs);

    internal override ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) =>
        new()
        {
            Architecture = request.Architecture,
            Channels = input.Channels,
            Outputs = SegmentationNet.OutputsFor(data.MaskClasses.Count),
        };

    internal override DecodingContract Decoding { get; } = new MaskDecoding();

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) =>
        new SegmentTask((SegmentationNet)module, spec, input, layout) { Decoding = (MaskDecoding)decoding! };

    internal override ClassLayout LayoutOf(Dataset data) => new(data.MaskClasses, data.MaskClasses.Count > 1, []);

    internal override bool IsLabelled(Sample sample) => sample.HasMask;

    internal override string Summary(CheckpointConfig config) =>
        $"Segmentation of radiographs: {string.Join(", ", config.Classes)}";

    internal override IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) =>
        [
            new(
                "pred",
                "probabilities",
                "segmentation",
                [config.Input.Height, config.Input.Width],
                [.. config.Outputs.Select(o => $"logit of {o.Name}")]),
        ];

    internal override void Validate(CheckpointConfig config, ConfigCheck require)
    {
        config.RequireMaps(require);
        require(
            config.Classes.Count is >= 1 and <= MaskFile.MostClasses
                && config.Model.Outputs == SegmentationNet.OutputsFor(config.Classes.Count),
            $"1 to {MaskFile.MostClasses} classes of masks, and as many outputs as they need",
            $"{config.Classes.Count} classes, {config.Model.Outputs} outputs");
    }
}

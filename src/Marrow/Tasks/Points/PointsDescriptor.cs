using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks.Numbers;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Points;

/// <summary>The task of finding named points, by one heatmap for each.</summary>
internal sealed class PointsDescriptor : TaskDescriptor
{
    public override string Name => CheckpointTask.Points;
    public override IReadOnlyList<string> Metrics =>
        ["point-nme", "point-error", "point-error-median", "points-within-1", "points-within-2", "points-within-5"];
    internal override string ArchitecturePrefix => "points-";
    internal override Type ModelType => typeof(PointsTask);
    internal override TaskOnnx? Onnx => new PointsOnnx();
    internal override bool HasNamedOutputs => true;
    internal override IReadOnlyList<string> CsvKinds => ["points"];
    internal override bool OutputsAreColumns => true;
    // a distance is one in both directions
    internal override (int Width, int Height, Fit Fit) DefaultInput => (256, 256, Fit.Letterbox);
    internal override IReadOnlyList<CropRegion> Crops => [CropRegion.Spine, CropRegion.Vertebra, CropRegion.Point];
    internal override IReadOnlyList<CropRegion> FindsCrops => [CropRegion.Point];

    internal override SpineRole? SpineRole => Tasks.SpineRole.Corners;

    internal override string InsteadOfExplanation =>
        "Its points are places of the image themselves, and the score of each says how sure the model is of it.";

    internal override Module Build(Backbone backbone, ModelSpec spec) => new PointLocator(backbone, spec.Outputs);

    internal override DecodingContract Decoding { get; } = new PointDecoding();

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) =>
        new PointsTask((PointLocator)module, spec, input, layout)
        {
            Decoding = ((PointDecoding)decoding!).Of(input.Crop),
        };

    internal override bool IsLabelled(Sample sample) => sample.Points.Any(point => !double.IsNaN(point.X));

    internal override string Summary(CheckpointConfig config) =>
        $"Points on radiographs: {string.Join(", ", config.Classes)}";

    internal override IReadOnlyList<RawOutput> RawOutputs(CheckpointConfig config) =>
        [
            new(
                "pred",
                "tuples",
                "points",
                [config.OutputNames.Count],
                ["of each point, input px: x", "of each point, input px: y", "of each point, input px: score"]),
        ];

    internal override void Validate(CheckpointConfig config, ConfigCheck require)
    {
        config.RequireMaps(require);
        NumbersDescriptor.RequireNamesAndMeanings(config, require);
    }

    internal override void ValidateDecoding(CheckpointConfig config, DecodingContract decoding, ConfigCheck require)
    {
        var mirrored = ((PointDecoding)decoding).PointRefinement?.Mirrored ?? [];
        require(
            mirrored.Count == 0
                || (mirrored.Count == config.Classes.Count
                    && mirrored.All(k => k >= 0 && k < mirrored.Count)
                    && mirrored.Index().All(p => mirrored[p.Item] == p.Index)),
            "in decoding.pointRefinement.mirrored for each point the one that takes its place, or none",
            "something else");
    }
}

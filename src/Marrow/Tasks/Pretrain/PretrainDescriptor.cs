using System.Globalization;
using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Pretrain;

/// <summary>The task of filling in hidden patches, by which a backbone learns without labels.</summary>
internal sealed class PretrainDescriptor : TaskDescriptor
{
    public override string Name => CheckpointTask.Pretrain;
    public override IReadOnlyList<string> Metrics => ["reconstruction-error"];
    internal override string ArchitecturePrefix => "pretrain-";
    internal override Type ModelType => typeof(PretrainTask);
    internal override bool LearnsWithoutLabels => true;
    internal override bool HidesPatches => true;
    internal override bool RefusesUnfamiliar => false; // It finds nothing.
    internal override string? PipelineTag => "image-feature-extraction";

    internal override Module Build(Backbone backbone, ModelSpec spec) => new MaskedAutoencoder(backbone);

    internal override ModelSpec Spec(ModelRequest request, InputContract input, Dataset data) =>
        new() { Architecture = request.Architecture, Channels = input.Channels, Masking = request.Masking ?? new() };

    internal override TaskModel Create(Module module, ModelSpec spec, InputContract input, ClassLayout layout,
        DecodingContract? decoding) => new PretrainTask((MaskedAutoencoder)module, spec, input);

    internal override bool IsLabelled(Sample sample) => true; // It needs no label.

    internal override string Summary(CheckpointConfig config) => Name;

    internal override void Validate(CheckpointConfig config, ConfigCheck require)
    {
        var (masking, input) = (config.Model.Masking!, config.Input);
        require(
            masking is { Share: >= 0.1 and <= 0.9, PatchPixels: >= 4 and <= 128 },
            "a share of 0.1 to 0.9 and patches of 4 to 128 px",
            string.Create(CultureInfo.InvariantCulture, $"{masking.Share} and {masking.PatchPixels}"));
        require(
            masking.Error(input.Width, input.Height) is null,
            masking.Error(input.Width, input.Height) ?? "",
            $"{masking.PatchPixels} px");
    }
}

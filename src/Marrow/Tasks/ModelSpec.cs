using System.Text.Json.Serialization;
using Marrow.Modules;
using Marrow.Tasks.Pretrain;

namespace Marrow.Tasks;

/// <summary>Everything needed to build a model; stored in a checkpoint's config.json.</summary>
public sealed record ModelSpec
{
    /// <summary>
    /// A key of <see cref="ModelCatalogue"/>, as "densenet121", "retinanet-densenet121", "cobb-densenet-mini"; or, with
    /// <see cref="BackbonePrefix"/>, the name of a module of the user's own.
    /// </summary>
    public required string Architecture { get; init; }

    /// <summary>
    /// Says that the module is the user's own, and what the keys of its backbone begin with: "encoder.", or "" when all
    /// of it is backbone. Null for the catalogue's architectures, which know theirs.
    /// </summary>
    public string? BackbonePrefix { get; init; }

    /// <summary>Input channels.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>
    /// Outputs of the last layer: classes for a classifier, numbers or points for those tasks, 3 for the Cobb angles.
    /// </summary>
    public int Outputs { get; init; } = 1;

    /// <summary>Null but for detectors.</summary>
    [JsonInclude] internal DetectorSpec? Detector { get; init; }

    /// <summary>Null but for models that are pretrained by hiding patches.</summary>
    [JsonInclude] internal MaskingSpec? Masking { get; init; }
}

using System.Text.Json.Serialization;
using Marrow.Modules;
using Marrow.Tasks.Multitask;
using Marrow.Tasks.Pretrain;

namespace Marrow.Tasks;

/// <summary>Everything that is needed to build a model. It is stored in a checkpoint's config.json.</summary>
public sealed record ModelSpec
{
    /// <summary>
    /// The architecture, a key of <see cref="ModelCatalogue"/> such as "densenet121", "retinanet-densenet121" or
    /// "cobb-densenet-mini". When <see cref="BackbonePrefix"/> is set, it is the name of a user's own module.
    /// </summary>
    public required string Architecture { get; init; }

    /// <summary>
    /// For a user's own module: the prefix of its backbone's keys, such as "encoder.", or "" when the whole module is
    /// the backbone. Null for the architectures of the catalogue, whose prefixes are known.
    /// </summary>
    public string? BackbonePrefix { get; init; }

    /// <summary>The number of input channels.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>
    /// The number of outputs of the last layer: classes for a classifier, numbers or points for the tasks that predict
    /// them, 3 for the Cobb angles.
    /// </summary>
    public int Outputs { get; init; } = 1;

    /// <summary>How many items along a curve a model of strips looks for; null for all other models.</summary>
    [JsonInclude] internal int? Items { get; init; }

    /// <summary>The anchors and heads of a detector; null for all other models.</summary>
    [JsonInclude] internal DetectorSpec? Detector { get; init; }

    /// <summary>
    /// The hidden patches of a model that is pretrained by filling them in; null for all other models.
    /// </summary>
    [JsonInclude] internal MaskingSpec? Masking { get; init; }

    /// <summary>
    /// What several tasks put on the backbone that they share; null for a model of one task. A part has no parts.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<PartSpec>? Parts { get; init; }
}

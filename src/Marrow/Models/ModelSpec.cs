namespace Marrow.Models;

/// <summary>Everything needed to build a model; stored in a checkpoint's config.json.</summary>
public sealed record ModelSpec
{
    /// <summary>A key of <see cref="ModelCatalogue"/>, as "densenet121", "retinanet-densenet121", "cobb-densenet-mini".</summary>
    public required string Architecture { get; init; }

    /// <summary>Input channels.</summary>
    public int Channels { get; init; } = 1;

    /// <summary>Outputs of the last layer: classes for a classifier, 3 for the Cobb angles.</summary>
    public int Outputs { get; init; } = 1;

    /// <summary>Null but for detectors.</summary>
    public DetectorSpec? Detector { get; init; }
}

/// <summary>The parts of a RetinaNet that recipes choose. Defaults suit two CPU cores and vertebrae.</summary>
public sealed record DetectorSpec
{
    /// <summary>Foreground classes; 1 for "vertebra".</summary>
    public int Classes { get; init; } = 1;

    /// <summary>Channels of the feature pyramid and the heads. RetinaNet's own: 256.</summary>
    public int PyramidChannels { get; init; } = 128;

    /// <summary>3x3 convolutions in each head before its output. RetinaNet's own: 4.</summary>
    public int HeadConvolutions { get; init; } = 2;

    /// <summary>Corners a detection has; 0 leaves the corner head out.</summary>
    public int Corners { get; init; } = 4;

    /// <summary>Anchor side (square root of its area) at each pyramid level, input px; one entry a level from P3 on.</summary>
    public IReadOnlyList<double> AnchorSizes { get; init; } = [32, 64, 128, 256, 512];

    /// <summary>Multiples of each size. RetinaNet's own: 1, 2^(1/3), 2^(2/3).</summary>
    public IReadOnlyList<double> AnchorScales { get; init; } = [1, 1.2599210498948732, 1.5874010519681994];

    /// <summary>Height over width, as torchvision has it. RetinaNet's own: 0.5, 1, 2.</summary>
    public IReadOnlyList<double> AnchorRatios { get; init; } = [0.5, 1, 2];
}

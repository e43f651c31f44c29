using Marrow.Imaging;

namespace Marrow.Prediction;

/// <summary>What one checkpoint for classes, numbers or points says of one image. Geometry is in original pixels.</summary>
public sealed record ImageFinding : Finding
{
    /// <summary>The most probable class where exactly one holds; null otherwise.</summary>
    public string? Class { get; init; }

    /// <summary>Probabilities or numbers in the order of the checkpoint's outputs; empty for points and when the image failed.</summary>
    public IReadOnlyList<FoundValue> Values { get; init; } = [];

    /// <summary>In the order of the checkpoint's outputs; empty for other tasks and when the image failed.</summary>
    public IReadOnlyList<FoundPoint> Points { get; init; } = [];

    /// <summary>The weights that were used; null when the image failed.</summary>
    public CheckpointUse? Checkpoint { get; init; }
}

/// <param name="Unit">"probability", or that of the number; "" where none is known.</param>
/// <param name="Value">Null when the output is untrained: no label of it was seen.</param>
public sealed record FoundValue(string Name, string Unit, double? Value);

/// <param name="Place">Null when the output is untrained.</param>
/// <param name="Score">0 to 1: the share of the point's heatmap that lies near the place.</param>
public sealed record FoundPoint(string Name, Point2D? Place, double Score);

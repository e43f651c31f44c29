using Marrow.Imaging;

namespace Marrow.Findings;

/// <summary>Classes or findings with a probability each.</summary>
/// <param name="Class">The most probable class where exactly one holds; null otherwise.</param>
/// <param name="Values">Probabilities in the order of the checkpoint's outputs.</param>
public sealed record ClassesPart(string? Class, IReadOnlyList<FoundValue> Values) : FindingPart;

/// <summary>Numbers, each in a unit of its own.</summary>
/// <param name="Values">In the order of the checkpoint's outputs.</param>
public sealed record NumbersPart(IReadOnlyList<FoundValue> Values) : FindingPart;

/// <summary>Named points.</summary>
/// <param name="Points">In the order of the checkpoint's outputs.</param>
public sealed record PointsPart(IReadOnlyList<FoundPoint> Points) : FindingPart;

/// <summary>Things with a box around each, the most certain first.</summary>
/// <param name="Boxes">In original pixels.</param>
public sealed record BoxesPart(IReadOnlyList<FoundBox> Boxes) : FindingPart;

/// <param name="Unit">"probability", or that of the number; "" where none is known.</param>
/// <param name="Value">Null when the output is untrained: no label of it was seen.</param>
public sealed record FoundValue(string Name, string Unit, double? Value);

/// <param name="Place">Null when the output is untrained.</param>
/// <param name="Score">0 to 1: the share of the point's heatmap that lies near the place.</param>
public sealed record FoundPoint(string Name, Point2D? Place, double Score);

/// <param name="Left">px; so are the others.</param>
/// <param name="Score">0 to 1.</param>
public sealed record FoundBox(string Class, double Left, double Top, double Right, double Bottom, double Score);

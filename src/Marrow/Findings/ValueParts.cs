using Marrow.Imaging;

namespace Marrow.Findings;

/// <summary>Classes or findings with a probability each.</summary>
public sealed class ClassesPart : FindingPart
{
    internal ClassesPart(string? @class, IReadOnlyList<FoundValue> values) => (Class, Values) = (@class, values);

    /// <summary>The most probable class where exactly one holds; null otherwise.</summary>
    public string? Class { get; }

    /// <summary>Probabilities in the order of the checkpoint's outputs.</summary>
    public IReadOnlyList<FoundValue> Values { get; }
}

/// <summary>Numbers, each in a unit of its own.</summary>
public sealed class NumbersPart : FindingPart
{
    internal NumbersPart(IReadOnlyList<FoundValue> values) => Values = values;

    /// <summary>In the order of the checkpoint's outputs.</summary>
    public IReadOnlyList<FoundValue> Values { get; }
}

/// <summary>Named points.</summary>
public sealed class PointsPart : FindingPart
{
    internal PointsPart(IReadOnlyList<FoundPoint> points) => Points = points;

    /// <summary>In the order of the checkpoint's outputs.</summary>
    public IReadOnlyList<FoundPoint> Points { get; }
}

/// <summary>Things with a box around each, the most certain first.</summary>
public sealed class BoxesPart : FindingPart
{
    internal BoxesPart(IReadOnlyList<FoundBox> boxes) => Boxes = boxes;

    /// <summary>In original pixels.</summary>
    public IReadOnlyList<FoundBox> Boxes { get; }
}

public sealed class FoundValue
{
    internal FoundValue(string name, string unit, double? value) => (Name, Unit, Value) = (name, unit, value);

    public string Name { get; }

    /// <summary>"probability", or that of the number; "" where none is known.</summary>
    public string Unit { get; }

    /// <summary>Null when the output is untrained: no label of it was seen.</summary>
    public double? Value { get; }
}

public sealed class FoundPoint
{
    internal FoundPoint(string name, Point2D? place, double score) => (Name, Place, Score) = (name, place, score);

    public string Name { get; }

    /// <summary>Null when the output is untrained.</summary>
    public Point2D? Place { get; }

    /// <summary>0 to 1: the share of the point's heatmap that lies near the place.</summary>
    public double Score { get; }
}

public sealed class FoundBox
{
    internal FoundBox(string @class, double left, double top, double right, double bottom, double score) =>
        (Class, Left, Top, Right, Bottom, Score) = (@class, left, top, right, bottom, score);

    public string Class { get; }

    /// <summary>px; so are the others.</summary>
    public double Left { get; }

    public double Top { get; }

    public double Right { get; }

    public double Bottom { get; }

    /// <summary>0 to 1.</summary>
    public double Score { get; }
}

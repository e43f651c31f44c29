namespace Marrow.Metrics;

/// <summary>One measured number and how sure it is.</summary>
public sealed record MetricValue
{
    /// <summary>A key of <see cref="MetricCatalogue"/>, or one with what it was measured on: "auroc.Edema", "mae.cobb2".</summary>
    public required string Name { get; init; }

    /// <summary>NaN when undefined, such as the AUROC of a class without positives.</summary>
    public required double Value { get; init; }

    /// <summary>Bounds of the bootstrap interval (<see cref="Bootstrap"/>); NaN when it could not be had.</summary>
    public double Low { get; init; } = double.NaN;
    public double High { get; init; } = double.NaN;

    /// <summary>Images that went into it.</summary>
    public required int Count { get; init; }

    /// <summary>"", "%", "deg" or "px".</summary>
    public string Unit { get; init; } = "";
}

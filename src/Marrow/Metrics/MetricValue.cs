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

    /// <summary>"", "%", "deg", "px" or that of the labels: "years".</summary>
    public string Unit { get; init; } = "";

    /// <summary>
    /// The value in each resample of the patients, NaN where undefined; null unless <see cref="BootstrapOptions.KeepDraws"/>
    /// asked for them. Of the same patients and seed, two models' draws belong together one by one: their differences are
    /// the paired bootstrap.
    /// </summary>
    public IReadOnlyList<double>? Draws { get; init; }
}

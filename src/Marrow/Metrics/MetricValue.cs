using System.Text.Json.Serialization;

namespace Marrow.Metrics;

/// <summary>One measured number and how sure it is.</summary>
public sealed class MetricValue
{
    [JsonConstructor]
    internal MetricValue(string name, double value, int count) => (Name, Value, Count) = (name, value, count);

    /// <summary>The same, to be changed in what an initialiser names.</summary>
    internal MetricValue(MetricValue like)
        : this(like.Name, like.Value, like.Count) =>
        (Low, High, Unit, Draws) = (like.Low, like.High, like.Unit, like.Draws);

    /// <summary>
    /// A key of <see cref="MetricCatalogue"/>, or one with what it was measured on: "auroc.Edema", "mae.cobb2".
    /// </summary>
    public string Name { get; internal init; }

    /// <summary>NaN when undefined, such as the AUROC of a class without positives.</summary>
    public double Value { get; internal init; }

    /// <summary>Bounds of the bootstrap interval (<see cref="Bootstrap"/>); NaN when it could not be had.</summary>
    [JsonInclude] public double Low { get; internal init; } = double.NaN;
    [JsonInclude] public double High { get; internal init; } = double.NaN;

    /// <summary>Images that went into it.</summary>
    public int Count { get; internal init; }

    /// <summary>"", "%", "deg", "px" or that of the labels: "years".</summary>
    [JsonInclude] public string Unit { get; internal init; } = "";

    /// <summary>
    /// The value in each resample of the patients, NaN where undefined; null unless
    /// <see cref="BootstrapOptions.KeepDraws"/> asked for them. Of the same patients and seed, two models' draws belong
    /// together one by one: their differences are the paired bootstrap.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<double>? Draws { get; init; }

    /// <summary>The same under another name.</summary>
    internal MetricValue Named(string name) => new(this) { Name = name };

    /// <summary>The same without its resampled values, of which there are a thousand.</summary>
    internal MetricValue WithoutDraws() => new(this) { Draws = null };
}

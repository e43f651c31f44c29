using System.Text.Json.Serialization;

namespace Marrow.Datasets;

/// <summary>How often each state of one finding is met; soft labels count as positive from one half on.</summary>
internal readonly record struct ClassCount(int Positive, int Negative, int Unknown)
{
    /// <summary>
    /// Of a finding read as three classes, those labelled -1; with other readings these are counted as what they are
    /// read as.
    /// </summary>
    public int Uncertain { get; init; }
}

/// <summary>How one number is spread over the images that have it; NaN without any.</summary>
internal readonly record struct NumberSummary(int Known, int Unknown, double Least, double Mean, double Largest);

/// <summary>Everything that is right and wrong with a data set; written as JSON by <see cref="MarrowJson"/>.</summary>
public sealed class DataReport
{
    internal DataReport(
        string name, string format, string root, string license, int samples, int imagesReadable, int patients,
        IReadOnlyDictionary<string, ClassCount> classes, IReadOnlyDictionary<string, int> faultCounts,
        IReadOnlyList<DataFault> faults) =>
        (
            Name, Format, Root, License, Samples, ImagesReadable, Patients, Classes, FaultCounts, Faults) = (
            name, format, root, license, samples, imagesReadable, patients, classes, faultCounts, faults);

    [JsonInclude] internal string Name { get; }
    [JsonInclude] internal string Format { get; }
    internal string Root { get; }
    [JsonInclude] internal string License { get; }

    /// <summary>
    /// Rows of the label files whose image exists; for spineweb16 before any is dropped for its labels.
    /// </summary>
    public int Samples { get; }

    /// <summary>Of <see cref="Samples"/>, those that decode whole.</summary>
    public int ImagesReadable { get; }

    public int Patients { get; }

    /// <summary>How many images each class has; empty when they are unlabelled.</summary>
    [JsonInclude] internal IReadOnlyDictionary<string, ClassCount> Classes { get; }

    /// <summary>By name; empty unless a CSV of kind "numbers".</summary>
    [JsonInclude]
    internal IReadOnlyDictionary<string, NumberSummary> Numbers { get; init; } =
        new Dictionary<string, NumberSummary>();

    /// <summary>Images in which each point is labelled; empty unless a CSV of kind "points".</summary>
    [JsonInclude] internal IReadOnlyDictionary<string, int> Points { get; init; } = new Dictionary<string, int>();

    /// <summary>By class how many boxes there are; empty for data without boxes.</summary>
    [JsonInclude] internal IReadOnlyDictionary<string, int> Boxes { get; init; } = new Dictionary<string, int>();

    /// <summary>Images that are known to have no box; null for data without boxes.</summary>
    [JsonInclude] internal int? WithoutBoxes { get; init; }

    /// <summary>Images that have a mask; null for a data set without masks.</summary>
    [JsonInclude] internal int? Masks { get; init; }

    /// <summary>
    /// How label files were read where that is not a matter of course: separators, decimal commas, lists of findings.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>
    /// spineweb16 with angles.csv: rows whose three angles come out of the landmarks within 0.01 degree. Otherwise
    /// null.
    /// </summary>
    [JsonInclude] internal int? AnglesReproduced { get; init; }

    /// <summary>How many faults of each kind there are.</summary>
    public IReadOnlyDictionary<string, int> FaultCounts { get; }

    /// <summary>The same for readers, and as a document with every fault.</summary>
    /// <param name="mostFaults">Of more faults than these, readers see the first and how many more there are.</param>
    public TextReport Report(int mostFaults) => new(this, DataReportText.Of(this, mostFaults));

    /// <summary>The faults, sorted by file and then by kind.</summary>
    [JsonInclude] internal IReadOnlyList<DataFault> Faults { get; }
}

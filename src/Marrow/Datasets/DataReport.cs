using System.Text.Json.Serialization;
using Marrow.Datasets.Copies;

namespace Marrow.Datasets;

/// <summary>Counts the states of one finding. Soft labels of at least 0.5 count as positive.</summary>
internal readonly record struct ClassCount(int Positive, int Negative, int Unknown)
{
    /// <summary>
    /// The number of images with the label -1, for a finding that is read as three classes. With every other reading
    /// these images are counted under the label that replaces -1.
    /// </summary>
    public int Uncertain { get; init; }
}

/// <summary>
/// The distribution of one number over the images that have it. The values are NaN when no image has it.
/// </summary>
internal readonly record struct NumberSummary(int Known, int Unknown, double Least, double Mean, double Largest);

/// <summary>
/// The outcome of checking a data set: its contents and all its faults. <see cref="MarrowJson"/> writes it as JSON.
/// </summary>
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
    /// The number of rows of the label files whose image exists. For spineweb16 it includes rows that are dropped
    /// because of their labels.
    /// </summary>
    public int Samples { get; }

    /// <summary>The number of <see cref="Samples"/> whose image can be decoded completely.</summary>
    public int ImagesReadable { get; }

    /// <summary>The number of patients.</summary>
    public int Patients { get; }

    /// <summary>The number of images in each class; empty when the images are unlabelled.</summary>
    [JsonInclude] internal IReadOnlyDictionary<string, ClassCount> Classes { get; }

    /// <summary>The distribution of each number, by name; empty unless the data is a CSV of kind "numbers".</summary>
    [JsonInclude]
    internal IReadOnlyDictionary<string, NumberSummary> Numbers { get; init; } =
        new Dictionary<string, NumberSummary>();

    /// <summary>
    /// The number of images in which each point is labelled; empty unless the data is a CSV of kind "points".
    /// </summary>
    [JsonInclude] internal IReadOnlyDictionary<string, int> Points { get; init; } = new Dictionary<string, int>();

    /// <summary>The number of boxes of each class; empty for data without boxes.</summary>
    [JsonInclude] internal IReadOnlyDictionary<string, int> Boxes { get; init; } = new Dictionary<string, int>();

    /// <summary>The number of images that are known to have no box; null for data without boxes.</summary>
    [JsonInclude] internal int? WithoutBoxes { get; init; }

    /// <summary>The number of images that have a mask; null for data without masks.</summary>
    [JsonInclude] internal int? Masks { get; init; }

    /// <summary>The number of images whose vertebrae are marked; null for data without any.</summary>
    [JsonInclude] internal int? Spines { get; init; }

    /// <summary>
    /// Sentences about unusual ways in which label files were read: separators, decimal commas, lists of findings.
    /// </summary>
    [JsonInclude] internal IReadOnlyList<string> Notes { get; init; } = [];

    /// <summary>Each pair of samples that show the same film, also those of one patient.</summary>
    [JsonInclude] internal IReadOnlyList<SameFilm> SameFilms { get; init; } = [];

    /// <summary>
    /// For spineweb16 with angles.csv: the number of rows whose three angles can be computed from the landmarks within
    /// 0.01 degree; null for all other data.
    /// </summary>
    [JsonInclude] internal int? AnglesReproduced { get; init; }

    /// <summary>The number of faults of each kind.</summary>
    public IReadOnlyDictionary<string, int> FaultCounts { get; }

    /// <summary>Returns the report for readers, whose JSON document has every fault.</summary>
    /// <param name="mostFaults">
    /// The most faults that readers see. When there are more, the report gives the number of the others.
    /// </param>
    public TextReport Report(int mostFaults) => new(this, DataReportText.Of(this, mostFaults));

    /// <summary>The faults, sorted by file and then by kind.</summary>
    [JsonInclude] internal IReadOnlyList<DataFault> Faults { get; }
}

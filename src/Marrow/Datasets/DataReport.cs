namespace Marrow.Datasets;

/// <summary>How often each state of one finding is met; soft labels count as positive from one half on.</summary>
public readonly record struct ClassCount
{
    internal ClassCount(int positive, int negative, int unknown) =>
        (Positive, Negative, Unknown) = (positive, negative, unknown);

    public int Positive { get; }

    public int Negative { get; }

    public int Unknown { get; }

    /// <summary>
    /// Of a finding read as three classes, those labelled -1; with other readings these are counted as what they are
    /// read as.
    /// </summary>
    public int Uncertain { get; internal init; }
}

/// <summary>How one number is spread over the images that have it; NaN without any.</summary>
public readonly record struct NumberSummary
{
    internal NumberSummary(int known, int unknown, double least, double mean, double largest) =>
        (Known, Unknown, Least, Mean, Largest) = (known, unknown, least, mean, largest);

    public int Known { get; }

    public int Unknown { get; }

    public double Least { get; }

    public double Mean { get; }

    public double Largest { get; }
}

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

    public string Name { get; }
    public string Format { get; }
    internal string Root { get; }
    public string License { get; }

    /// <summary>
    /// Rows of the label files whose image exists; for spineweb16 before any is dropped for its labels.
    /// </summary>
    public int Samples { get; }

    /// <summary>Of <see cref="Samples"/>, those that decode whole.</summary>
    public int ImagesReadable { get; }

    public int Patients { get; }

    /// <summary>How many images each class has; empty when they are unlabelled.</summary>
    public IReadOnlyDictionary<string, ClassCount> Classes { get; }

    /// <summary>By name; empty unless a CSV of kind "numbers".</summary>
    public IReadOnlyDictionary<string, NumberSummary> Numbers { get; internal init; } =
        new Dictionary<string, NumberSummary>();

    /// <summary>Images in which each point is labelled; empty unless a CSV of kind "points".</summary>
    public IReadOnlyDictionary<string, int> Points { get; internal init; } = new Dictionary<string, int>();

    /// <summary>By class how many boxes there are; empty for data without boxes.</summary>
    public IReadOnlyDictionary<string, int> Boxes { get; internal init; } = new Dictionary<string, int>();

    /// <summary>Images that are known to have no box; null for data without boxes.</summary>
    public int? WithoutBoxes { get; internal init; }

    /// <summary>Images that have a mask; null for a data set without masks.</summary>
    public int? Masks { get; internal init; }

    /// <summary>
    /// How label files were read where that is not a matter of course: separators, decimal commas, lists of findings.
    /// </summary>
    public IReadOnlyList<string> Notes { get; internal init; } = [];

    /// <summary>
    /// spineweb16 with angles.csv: rows whose three angles come out of the landmarks within 0.01 degree. Otherwise
    /// null.
    /// </summary>
    public int? AnglesReproduced { get; internal init; }

    /// <summary>How many faults of each kind there are.</summary>
    public IReadOnlyDictionary<string, int> FaultCounts { get; }

    /// <summary>The faults, sorted by file and then by kind.</summary>
    public IReadOnlyList<DataFault> Faults { get; }
}

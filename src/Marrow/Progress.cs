namespace Marrow;

/// <summary>What is counted while work goes on.</summary>
public enum ProgressUnit
{
    /// <summary>Images that were read, packed, measured or compared.</summary>
    Images,

    /// <summary>Bytes that were read, sent or fetched.</summary>
    Bytes,

    /// <summary>Parts of the work itself.</summary>
    Steps,

    /// <summary>Whole runs of an experiment.</summary>
    Runs,
}

/// <summary>How far a piece of work is. Whatever takes long tells it from time to time.</summary>
public readonly struct Progress
{
    public Progress(string what, long done, long total, ProgressUnit unit) =>
        (What, Done, Total, Unit) = (what, done, total, unit);

    /// <summary>
    /// What goes on, for the reader: "packing", or the name of what is pulled, checked or ranked.
    /// </summary>
    public string What { get; internal init; }

    /// <summary>How many of <see cref="Unit"/> are behind, those that were there before among them.</summary>
    public long Done { get; internal init; }

    /// <summary>How many there are in all; 0 while that is not known.</summary>
    public long Total { get; init; }

    /// <summary>What is counted.</summary>
    public ProgressUnit Unit { get; }

    /// <summary>
    /// How many a second there were since it began, without those that were there before; null where nobody measured.
    /// </summary>
    public double? PerSecond { get; internal init; }

    /// <summary>The time that the rest takes at this rate; null without a rate.</summary>
    public TimeSpan? Left => PerSecond > 0 ? TimeSpan.FromSeconds((Total - Done) / PerSecond.Value) : null;
}

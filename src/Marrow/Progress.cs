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
/// <param name="What">
/// What goes on, for the reader: "packing", or the name of what is pulled, checked or ranked.
/// </param>
/// <param name="Done">How many of <paramref name="Unit"/> are behind, those that were there before among them.</param>
/// <param name="Total">How many there are in all; 0 while that is not known.</param>
public readonly record struct Progress(string What, long Done, long Total, ProgressUnit Unit)
{
    /// <summary>
    /// How many a second there were since it began, without those that were there before; null where nobody measured.
    /// </summary>
    public double? PerSecond { get; internal init; }

    /// <summary>The time that the rest takes at this rate; null without a rate.</summary>
    public TimeSpan? Left => PerSecond > 0 ? TimeSpan.FromSeconds((Total - Done) / PerSecond.Value) : null;
}

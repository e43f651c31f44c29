namespace Marrow.Soak;

/// <summary>What a soak has seen. It has held when <see cref="Faults"/> is empty.</summary>
/// <param name="Counts">What became of the cases, such as "read" and "refused".</param>
/// <param name="Faults">Each with what is needed to see it again: its seed and number.</param>
public sealed record SoakReport(
    string Name,
    long Cases,
    IReadOnlyDictionary<string, long> Counts,
    IReadOnlyList<string> Faults);

/// <summary>
/// One soak: so many cases drawn from a seed. The tests run each with few cases, this program with as many as the
/// documentation tells. <paramref name="say"/> takes lines of progress.
/// </summary>
public delegate SoakReport Soak(long cases, ulong seed, Action<string> say);

namespace Marrow;

/// <summary>Takes some of many, from all over the list, and always the same ones.</summary>
internal static class EvenSpread
{
    /// <summary>Returns so many at most, evenly spread; all of them when there are no more.</summary>
    public static IReadOnlyList<T> Of<T>(IReadOnlyList<T> all, int most) =>
        all.Count <= most
            ? all
            : [.. Enumerable.Range(0, most).Select(i => all[(int)((long)i * all.Count / most)])];
}

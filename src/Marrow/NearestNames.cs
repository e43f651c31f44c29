namespace Marrow;

/// <summary>
/// The names most like an unknown one, for error messages: smallest edit distance (Levenshtein 1966), where a change in
/// the last dotted part ("weight" for "bias") counts more than one in the path before it.
/// </summary>
internal static class NearestNames
{
    private const int LongestCompared = 256; // names come from files; the cost is quadratic in their length
    private const int LeafPenalty = 8;

    public static IReadOnlyList<string> Of(string name, IEnumerable<string> known, int count) =>
        [
            .. known
                .Select(k =>
                    (Name: k, Distance: Distance(name, k) + (Leaf(name).SequenceEqual(Leaf(k)) ? 0 : LeafPenalty)))
                .OrderBy(k => k.Distance)
                .ThenBy(k => k.Name, StringComparer.Ordinal)
                .Take(count)
                .Select(k => k.Name),
        ];

    /// <summary>Insertions, deletions and substitutions that turn a into b.</summary>
    public static int Distance(ReadOnlySpan<char> a, ReadOnlySpan<char> b)
    {
        a = a[..Math.Min(a.Length, LongestCompared)];
        b = b[..Math.Min(b.Length, LongestCompared)];
        Span<int> row = stackalloc int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var substitution = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(substitution, 1 + Math.Min(row[j], row[j - 1]));
            }
        }
        return row[b.Length];
    }

    private static ReadOnlySpan<char> Leaf(string name) => name.AsSpan(name.LastIndexOf('.') + 1);
}

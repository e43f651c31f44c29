namespace Marrow.Metrics;

/// <summary>
/// Tells errors of naming from errors of measuring: a spine whose vertebrae were all found, but counted from the one
/// above or below the labels' first, is wrong at every level though every end plate may be right. The found vertebrae
/// are moved along the labels by as many whole levels as bring the centres closest, and what overlaps is compared. The
/// labels choose the shift, so these metrics stand beside the plain ones and never in their place.
/// </summary>
internal static class LevelMatch
{
    /// <summary>By so many levels two counts of one spine may differ.</summary>
    private const int Most = 2;

    /// <summary>Behind a metric's name: over the levels as they match.</summary>
    private const string Suffix = ".matched";

    /// <summary>
    /// levels-right, the share of films whose vertebrae are counted as the labels count them, and
    /// landmark-error-median, tilt-mae and tilt-sd over the levels as they match, "tilt-mae.matched" and so on.
    /// </summary>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<LandmarkPair> pairs, BootstrapOptions? bootstrap = null)
    {
        var whole = pairs.Where(p => p.Truth.Count == p.Found.Count && p.Truth.Count > 1).ToList();
        var shifts = whole.Select(ShiftOf).ToList();
        var right = shifts.Select(shift => shift == 0 ? 1.0 : 0).ToArray();
        var matched = whole.Zip(shifts, Moved).ToList();
        return
        [
            Bootstrap.Interval(
                "levels-right", [.. whole.Select(p => p.Patient)], w => Weighted.Mean(right, w), bootstrap),
            .. Landmarks.Measure(matched, bootstrap)
                .Where(m => m.Name == "landmark-error-median")
                .Concat(Tilts.Measure(matched, bootstrap))
                .Select(m => new MetricValue(m) { Name = $"{m.Name}{Suffix}" }),
        ];
    }

    /// <summary>
    /// Returns how many levels below the labels' first vertebra the first found one lies; negative when it lies above.
    /// </summary>
    internal static int ShiftOf(LandmarkPair pair)
    {
        var most = Math.Min(Most, pair.Truth.Count - 1);
        // Of equals the smallest shift.
        return Enumerable.Range(-most, 2 * most + 1).OrderBy(Math.Abs).MinBy(Distance);

        double Distance(int shift)
        {
            var moved = Moved(pair, shift);
            return moved.Truth.Zip(moved.Found, (t, f) => t.Center.DistanceTo(f.Center)).Average();
        }
    }

    /// <summary>The vertebrae that both have when the found ones are counted from another level.</summary>
    private static LandmarkPair Moved(LandmarkPair pair, int shift) => pair with
    {
        Truth = [.. pair.Truth.Skip(Math.Max(shift, 0)).SkipLast(Math.Max(-shift, 0))],
        Found = [.. pair.Found.Skip(Math.Max(-shift, 0)).SkipLast(Math.Max(shift, 0))],
    };
}

namespace Marrow.Spine;

/// <summary>Where a row of numbers turns back far enough for the turn to be no noise.</summary>
internal static class TurningPoints
{
    /// <summary>
    /// Returns the indices of alternating extremes, in their order; the first and the last are those of the two ends.
    /// Each differs from the next by at least <paramref name="leastTurn"/>, and no larger turn lies between them. The
    /// list is empty where the numbers keep within that distance, so it never has a single index.
    /// </summary>
    public static IReadOnlyList<int> Of(IReadOnlyList<double> values, double leastTurn)
    {
        var points = new List<int>();
        var (lowest, highest) = (0, 0); // since the last turning point
        bool? isRising = null;
        for (var i = 1; i < values.Count; i++)
        {
            if (values[i] < values[lowest])
                lowest = i;
            if (values[i] > values[highest])
                highest = i;
            if (isRising != true && values[i] - values[lowest] >= leastTurn)
            {
                points.Add(lowest);
                (isRising, highest) = (true, i);
            }
            else if (isRising != false && values[highest] - values[i] >= leastTurn)
            {
                points.Add(highest);
                (isRising, lowest) = (false, i);
            }
        }
        if (isRising is { } rising)
            points.Add(rising ? highest : lowest);
        return points;
    }
}

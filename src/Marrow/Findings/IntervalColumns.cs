namespace Marrow.Findings;

/// <summary>The columns of predictions.csv for the intervals of the three angles: both ends, in degrees.</summary>
internal static class IntervalColumns
{
    private const int Angles = 3;

    /// <summary>In the order of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Names { get; } =
        [.. Enumerable.Range(1, Angles).SelectMany(angle => (string[])[$"cobb{angle}Low", $"cobb{angle}High"])];

    /// <summary>Empty where there is no interval.</summary>
    public static IEnumerable<string> Cells(SpinePart spine) => Enumerable.Range(0, Angles).SelectMany(angle =>
        angle < spine.Intervals.Count
            ? (string[])[Number(spine.Intervals[angle].Low), Number(spine.Intervals[angle].High)]
            : ["", ""]);

    private static string Number(double value) => NumberText.Of(value, "0.###");
}

namespace Marrow.Findings;

/// <summary>What is said of the expected angles of a spine, as columns of a table. Angles are in degrees.</summary>
internal static class ExpectedColumns
{
    /// <summary>In the order of <see cref="Cells"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = ["cobb1Expected", "cobb2Expected", "cobb3Expected"];

    /// <summary>Empty where there are none.</summary>
    public static IEnumerable<string> Cells(SpinePart spine) => Enumerable.Range(0, Names.Count).Select(angle =>
        angle < spine.ExpectedDegrees.Count ? NumberText.Of(spine.ExpectedDegrees[angle], "0.###") : "");
}

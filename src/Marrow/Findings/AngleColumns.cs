namespace Marrow.Findings;

/// <summary>The three Cobb angles of a spine as columns of a table, in degrees.</summary>
internal static class AngleColumns
{
    /// <summary>The titles of the reported angles.</summary>
    public static IReadOnlyList<string> Reported { get; } = ["cobb1", "cobb2", "cobb3"];

    /// <summary>The titles of the expected angles.</summary>
    public static IReadOnlyList<string> Expected { get; } = [.. Reported.Select(name => $"{name}Expected")];

    /// <summary>A cell for each title; empty where there are no angles.</summary>
    public static IEnumerable<string> Cells(
        IReadOnlyList<double> degrees, string format = "0.###", string absent = "") =>
        Reported.Select((_, i) => i < degrees.Count ? NumberText.Of(degrees[i], format) : absent);
}

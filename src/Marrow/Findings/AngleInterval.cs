namespace Marrow.Findings;

/// <summary>
/// Where the true angle is likely to lie, in degrees. How often it does, of films like those of the data, is
/// <see cref="SpinePart.IntervalLevel"/>.
/// </summary>
public sealed class AngleInterval
{
    internal AngleInterval(double low, double high) => (Low, High) = (low, high);

    /// <summary>The lower end, 0 or more.</summary>
    public double Low { get; }

    /// <summary>The upper end, at most 180.</summary>
    public double High { get; }

    internal bool Holds(double degrees) => degrees >= Low && degrees <= High;

    /// <summary>The interval for readers, such as "[27, 35]": in whole degrees, rounded outwards.</summary>
    internal string InWords => $"[{NumberText.Of(Math.Floor(Low), "0")}, {NumberText.Of(Math.Ceiling(High), "0")}]";

    /// <summary>Returns an angle with its interval, "31.2° [27, 35]"; the angle alone where there is none.</summary>
    internal static string Beside(double degrees, IReadOnlyList<AngleInterval> intervals, int angle) =>
        angle < intervals.Count
            ? $"{NumberText.Degrees(degrees)} {intervals[angle].InWords}"
            : NumberText.Degrees(degrees);
}

using ScottPlot;

namespace Marrow.Reports;

/// <summary>Plots of whether what was said with a probability came true as often.</summary>
internal static class CalibrationPlots
{
    private const int WidthPx = 560, HeightPx = 540;
    private const double BarWidth = 1.6;

    /// <summary>
    /// Plots for each part of the films the share of which it came true over the mean probability, with a bar of 95 %
    /// (Wilson 1927), and the line on which both are equal.
    /// </summary>
    public static byte[] Reliability(
        string title, string xLabel, string yLabel, IReadOnlyList<(double Said, double True, int Films)> parts,
        bool dark)
    {
        using var plot = Plots.Styled(title, xLabel, yLabel, dark);
        var equal = plot.Add.Line(0, 0, 1, 1);
        equal.Color = Plots.Muted(dark);
        equal.LinePattern = LinePattern.Dashed;
        equal.LineWidth = 1.4f;
        equal.MarkerSize = 0;
        var color = Plots.Hue(0, dark);
        foreach (var (said, share, films) in parts)
        {
            var (low, high) = Wilson(share, films);
            var bar = plot.Add.Line(said, low, said, high);
            bar.Color = color.WithAlpha(0.55);
            bar.LineWidth = (float)BarWidth;
            bar.MarkerSize = 0;
            plot.Add.Marker(said, share, MarkerShape.FilledCircle, 8, color);
        }
        plot.Axes.SetLimits(0, 1, 0, 1);
        Plots.Legend(plot, false, Alignment.UpperLeft);
        return Plots.Render(plot, WidthPx, HeightPx);
    }

    /// <summary>Returns the 95 % interval of a share that was counted on so many (Wilson 1927).</summary>
    internal static (double Low, double High) Wilson(double share, int count)
    {
        const double z = 1.959964;
        var middle = (share + z * z / (2 * count)) / (1 + z * z / count);
        var half = z / (1 + z * z / count) * Math.Sqrt(share * (1 - share) / count + z * z / (4.0 * count * count));
        return (middle - half, middle + half);
    }
}

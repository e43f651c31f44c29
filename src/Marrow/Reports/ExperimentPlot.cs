using System.Globalization;
using ScottPlot;

namespace Marrow.Reports;

/// <summary>One line of an experiment's picture.</summary>
/// <param name="Hue">The colour, which all lines of one start share.</param>
/// <param name="Dash">The dash pattern, which all lines of one method share; 0 is a solid line.</param>
internal sealed record ExperimentLine(string Name, int Hue, int Dash, IReadOnlyList<ExperimentPoint> Points);

/// <param name="Low">The lower end of the interval; NaN when there is none.</param>
internal sealed record ExperimentPoint(double Labels, double Value, double Low, double High);

/// <summary>
/// Plots a metric against the amount of labels on a logarithmic axis. Each start has a colour, each method a dash
/// pattern, and bars show intervals.
/// </summary>
internal static class ExperimentPlot
{
    private const int WidthPx = 960, HeightPx = 470;
    private const double Dodge = 0.008; // of the axis, between neighbouring lines: bars must not hide each other
    private static readonly LinePattern[] Dashes =
    [
        LinePattern.Solid,
        LinePattern.Dashed,
        LinePattern.Dotted,
        LinePattern.DenselyDashed,
    ];
    private static readonly MarkerShape[] Markers =
    [
        MarkerShape.FilledCircle,
        MarkerShape.FilledSquare,
        MarkerShape.FilledDiamond,
        MarkerShape.FilledTriangleUp,
    ];

    public static byte[] Draw(
        string title,
        string xLabel,
        string yLabel,
        IReadOnlyList<ExperimentLine> lines,
        bool dark)
    {
        using var plot = Plots.Styled(title, xLabel, yLabel, dark);
        var labels = lines
            .SelectMany(l => l.Points)
            .Select(p => p.Labels)
            .Where(l => l > 0)
            .Distinct()
            .Order()
            .ToList();
        var range = labels.Count < 2 ? 1 : Math.Log10(labels[^1] / labels[0]);
        foreach (var (index, line) in lines.Index())
        {
            var points = line.Points.Where(p => p.Labels > 0 && double.IsFinite(p.Value)).ToList();
            if (points.Count == 0)
                continue;
            var color = Plots.Hue(line.Hue, dark);
            var xs = points
                .Select(p => Math.Log10(p.Labels) + (index - (lines.Count - 1) / 2.0) * Dodge * range)
                .ToArray();
            foreach (var (i, point) in points.Index())
            {
                if (!double.IsFinite(point.Low) || !double.IsFinite(point.High))
                    continue;
                var bar = plot.Add.Line(xs[i], point.Low, xs[i], point.High);
                bar.Color = color.WithAlpha(0.55);
                bar.LineWidth = 1.6f;
                bar.MarkerSize = 0;
            }
            var scatter = plot.Add.Scatter(xs, points.Select(p => p.Value).ToArray(), color);
            scatter.LineWidth = 2.2f;
            scatter.LinePattern = Dashes[line.Dash % Dashes.Length];
            scatter.MarkerShape = Markers[line.Dash % Markers.Length];
            scatter.MarkerSize = 7;
            scatter.LegendText = line.Name;
        }
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. labels.Select(l => Math.Log10(l))],
            [.. labels.Select(l => l.ToString("0.#", CultureInfo.InvariantCulture))]);
        plot.Axes.Margins(0.06, 0.1);
        if (Range(lines) is var (low, high) && low < high)
            plot.Axes.SetLimitsY(low, high);
        Plots.Legend(plot, lines.Count > 1, Alignment.UpperRight);
        if (lines.Count > 1)
            plot.ShowLegend(Edge.Right);
        return Plots.Render(plot, WidthPx, HeightPx);
    }

    /// <summary>
    /// The values, and as much of the bars as leaves differences between lines to be seen: with two seeds bars are
    /// wider than any axis.
    /// </summary>
    private static (double Low, double High) Range(IReadOnlyList<ExperimentLine> lines)
    {
        var points = lines.SelectMany(l => l.Points).Where(p => double.IsFinite(p.Value)).ToList();
        if (points.Count == 0)
            return (0, 0);
        var (least, most) = (points.Min(p => p.Value), points.Max(p => p.Value));
        var room = Math.Max(most - least, 0.02 * Math.Abs(most));
        var low = points.Select(p => p.Low).Where(double.IsFinite).Append(least).Min();
        var high = points.Select(p => p.High).Where(double.IsFinite).Append(most).Max();
        return (Math.Max(low, least - room) - 0.08 * room, Math.Min(high, most + room) + 0.08 * room);
    }
}

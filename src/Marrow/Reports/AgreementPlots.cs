using ScottPlot;

namespace Marrow.Reports;

/// <summary>Predicted and true values of the same films.</summary>
internal sealed record AgreementSeries(string Name, IReadOnlyList<double> Truth, IReadOnlyList<double> Predicted);

/// <summary>A value with its interval, whose ends are NaN when there is none.</summary>
internal readonly record struct AgreementLine(double Value, double Low, double High);

/// <summary>Plots of predictions and the truth, in degrees.</summary>
internal static class AgreementPlots
{
    private const int WidthPx = 720, HeightPx = 470, SquareWidthPx = 560, SquareHeightPx = 540;

    /// <summary>Plots each film's predicted values over its true ones, with the line on which they are equal.</summary>
    public static byte[] PredictedAgainstTrue(string title, IReadOnlyList<AgreementSeries> series, bool dark)
    {
        using var plot = Plots.Styled(title, "true, degrees", "predicted, degrees", dark);
        var most = series.SelectMany(s => s.Truth.Concat(s.Predicted)).DefaultIfEmpty(1).Max() * 1.05;
        var least = Math.Min(0, series.SelectMany(s => s.Predicted).DefaultIfEmpty(0).Min());
        var equal = plot.Add.Line(least, least, most, most);
        equal.Color = Plots.Muted(dark);
        equal.LinePattern = LinePattern.Dashed;
        equal.LineWidth = 1.4f;
        equal.MarkerSize = 0;
        foreach (var (i, one) in series.Index())
            Dots(plot, one.Truth, one.Predicted, Plots.Hue(i, dark)).LegendText = one.Name;
        plot.Axes.SetLimits(least, most, least, most);
        Plots.Legend(plot, series.Count > 1, Alignment.UpperLeft);
        return Plots.Render(plot, SquareWidthPx, SquareHeightPx);
    }

    /// <summary>
    /// Plots predicted minus true over the mean of both (Bland and Altman 1986), with the bias in the middle, the
    /// limits of agreement and their intervals as bands.
    /// </summary>
    /// <param name="lines">The upper limit, the bias and the lower limit.</param>
    public static byte[] BlandAltman(
        string title, AgreementSeries series, IReadOnlyList<AgreementLine> lines, bool dark)
    {
        using var plot = Plots.Styled(
            title, "mean of predicted and true, degrees", "predicted minus true, degrees", dark);
        foreach (var (i, line) in lines.Index())
        {
            if (!double.IsFinite(line.Value))
                continue;
            var color = i == lines.Count / 2 ? Plots.Hue(1, dark) : Plots.Hue(2, dark);
            if (double.IsFinite(line.Low) && double.IsFinite(line.High))
            {
                var band = plot.Add.VerticalSpan(line.Low, line.High, color.WithAlpha(0.14));
                band.LineStyle.Width = 0;
            }
            var drawn = plot.Add.HorizontalLine(line.Value, 1.8f, color, LinePattern.Dashed);
            drawn.LabelText = NumberText.Of(line.Value, "+0.0;-0.0;0.0");
            drawn.LabelOppositeAxis = true;
            drawn.LabelBackgroundColor = Colors.Transparent;
            drawn.LabelFontColor = color;
            drawn.LabelFontSize = 12;
            drawn.LabelBold = false;
            drawn.LabelRotation = 0;
            drawn.LabelAlignment = Alignment.MiddleLeft;
        }
        double[] means = [.. series.Truth.Zip(series.Predicted, (t, p) => (t + p) / 2)];
        double[] differences = [.. series.Truth.Zip(series.Predicted, (t, p) => p - t)];
        Dots(plot, means, differences, Plots.Hue(0, dark));
        plot.Axes.Margins(0.04, 0.08);
        plot.Axes.Right.MinimumSize = 44; // of the lines' values
        Plots.Legend(plot, false, Alignment.UpperRight);
        return Plots.Render(plot, WidthPx, HeightPx);
    }

    /// <summary>Plots a value for each vertebra, with its interval as a bar.</summary>
    public static byte[] ByLevel(
        string title, string yLabel, IReadOnlyList<string> levels, IReadOnlyList<AgreementLine> values, bool dark)
    {
        using var plot = Plots.Styled(title, "", yLabel, dark);
        var color = Plots.Hue(0, dark);
        foreach (var (i, value) in values.Index().Where(v => double.IsFinite(v.Item.Value)))
        {
            if (double.IsFinite(value.Low) && double.IsFinite(value.High))
            {
                var bar = plot.Add.Line(i, value.Low, i, value.High);
                bar.Color = color.WithAlpha(0.55);
                bar.LineWidth = 1.6f;
                bar.MarkerSize = 0;
            }
            plot.Add.Marker(i, value.Value, MarkerShape.FilledCircle, 8, color);
        }
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            [.. levels.Select((_, i) => (double)i)], [.. levels]);
        var most = values.SelectMany(v => (double[])[v.Value, v.High]).Where(double.IsFinite).DefaultIfEmpty(1).Max();
        plot.Axes.SetLimits(-0.6, levels.Count - 0.4, 0, most * 1.1);
        Plots.Legend(plot, false, Alignment.UpperRight);
        return Plots.Render(plot, WidthPx, HeightPx);
    }

    private static ScottPlot.Plottables.Scatter Dots(
        Plot plot, IReadOnlyList<double> xs, IReadOnlyList<double> ys, Color color)
    {
        var dots = plot.Add.ScatterPoints(xs.ToArray(), ys.ToArray(), color.WithAlpha(0.6));
        dots.MarkerSize = 5;
        return dots;
    }
}

using System.Globalization;
using ScottPlot;
using Color = ScottPlot.Color;

namespace Marrow.Reports;

/// <summary>A line of a plot.</summary>
/// <param name="Band">
/// Half the height of a band around the line at each point, for example one standard deviation.
/// </param>
internal sealed record Curve(
    string Name,
    IReadOnlyList<double> X,
    IReadOnlyList<double> Y,
    IReadOnlyList<double>? Band = null);

/// <summary>
/// The plots of reports, drawn by ScottPlot as PNG bytes at twice the shown size (sharp on dense screens). Each can be
/// drawn on a light or a dark ground.
/// </summary>
internal static class Plots
{
    // Okabe and Ito (2008) without yellow, which a white ground swallows; the same hues lighter for a dark one.
    private static readonly string[] LightPalette = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00"];
    private static readonly string[] DarkPalette = ["#56B4E9", "#FF9147", "#3CC79A", "#E9A3CB", "#8C9EFF", "#F0C24B"];
    private const int WidthPx = 720, HeightPx = 430;
    private const float PixelRatio = 2;

    /// <summary>
    /// Plots values over steps, labels or epochs, with one line for each run. Values that are not finite leave gaps.
    /// </summary>
    public static byte[] LearningCurves(
        string title,
        string xLabel,
        string yLabel,
        IReadOnlyList<Curve> curves,
        bool dark = false,
        bool logarithmicX = false)
    {
        using var plot = Styled(title, xLabel, yLabel, dark);
        for (var i = 0; i < curves.Count; i++)
        {
            var color = Hue(i, dark);
            var curve = curves[i];
            var points = Enumerable.Range(0, Math.Min(curve.X.Count, curve.Y.Count))
                .Where(k =>
                    double.IsFinite(curve.Y[k]) && double.IsFinite(curve.X[k]) && (!logarithmicX || curve.X[k] > 0))
                .ToList();
            if (points.Count == 0)
                continue;
            var xs = points.Select(k => logarithmicX ? Math.Log10(curve.X[k]) : curve.X[k]).ToArray();
            var ys = points.Select(k => curve.Y[k]).ToArray();
            if (curve.Band is { } band)
            {
                var fill = plot.Add.FillY(
                    xs,
                    points.Select(k => curve.Y[k] - band[k]).ToArray(),
                    points.Select(k => curve.Y[k] + band[k]).ToArray());
                fill.FillColor = color.WithAlpha(0.15);
                fill.LineWidth = 0;
                fill.MarkerSize = 0;
            }
            var line = plot.Add.Scatter(xs, ys, color);
            line.LineWidth = 2.2f;
            line.MarkerSize = points.Count <= 40 ? 5 : 0;
            line.LegendText = curve.Name;
        }
        if (logarithmicX)
        {
            plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
            {
                LabelFormatter = x => Math.Pow(10, x).ToString("G3", CultureInfo.InvariantCulture),
            };
        }
        Legend(plot, curves.Count > 1, Alignment.UpperRight);
        return Render(plot, WidthPx, HeightPx);
    }

    internal static Plot Styled(string title, string xLabel, string yLabel, bool dark)
    {
        ReportFonts.UseInPlots();
        var plot = new Plot();
        plot.FigureBackground.Color = dark ? Color.FromHex("#161B22") : Colors.White;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Axes.Color(Ink(dark));
        plot.Axes.Frame(false);
        plot.Axes.Bottom.FrameLineStyle.IsVisible = true;
        plot.Axes.Bottom.FrameLineStyle.Color = Muted(dark);
        plot.Axes.Left.FrameLineStyle.IsVisible = false;
        plot.Grid.MajorLineColor = Ink(dark).WithAlpha(0.09);
        plot.Grid.XAxisStyle.IsVisible = false;
        foreach (var axis in (IAxis[])[plot.Axes.Bottom, plot.Axes.Left])
        {
            axis.TickLabelStyle.FontSize = 12;
            axis.MajorTickStyle.Length = 0;
            axis.MinorTickStyle.Length = 0;
            axis.Label.FontSize = 13;
            axis.Label.Bold = false;
        }
        plot.Axes.Bottom.Label.Text = xLabel;
        plot.Axes.Left.Label.Text = yLabel;
        plot.Axes.Title.Label.Text = title;
        plot.Axes.Title.Label.FontSize = 15;
        plot.Axes.Title.Label.Bold = true;
        plot.Axes.Title.Label.ForeColor = Ink(dark);
        return plot;
    }

    internal static void Legend(Plot plot, bool shown, Alignment alignment)
    {
        if (!shown)
        {
            plot.HideLegend();
            return;
        }
        plot.ShowLegend(alignment);
        plot.Legend.FontName = ReportFonts.Family;
        plot.Legend.FontSize = 12;
        plot.Legend.FontColor = plot.Axes.Bottom.Label.ForeColor;
        plot.Legend.BackgroundColor = plot.FigureBackground.Color.WithAlpha(0.85);
        plot.Legend.OutlineColor = Colors.Transparent;
        plot.Legend.ShadowColor = Colors.Transparent;
    }

    internal static byte[] Render(Plot plot, int width, int height)
    {
        plot.ScaleFactor = PixelRatio;
        return plot.GetImageBytes((int)(width * PixelRatio), (int)(height * PixelRatio), ImageFormat.Png);
    }

    internal static Color Hue(int index, bool dark)
    {
        var palette = dark ? DarkPalette : LightPalette;
        return Color.FromHex(palette[index % palette.Length]);
    }

    internal static Color Ink(bool dark) => Color.FromHex(dark ? "#D6DEE6" : "#24292F");
    internal static Color Muted(bool dark) => Color.FromHex(dark ? "#8B949E" : "#6E7781");
}

using Marrow.Reports;
using SkiaSharp;

namespace Marrow.Tests.Reports;

public class PlotTests
{
    private static readonly Curve Falling = new("falling", [0, 1, 2, 3], [4, 3, double.NaN, 1]);
    private static readonly Curve Rising = new("rising", [0, 1, 2, 3], [1, 2, 3, 4], [0.5, 0.5, 0.5, 0.5]);

    [Fact]
    public void Each_curve_is_drawn_in_its_own_colour()
    {
        using var one = ReportSamples.Decode(Plots.LearningCurves("loss", "step", "loss", [Falling]));
        using var two = ReportSamples.Decode(Plots.LearningCurves("loss", "step", "loss", [Falling, Rising]));
        var (blue, orange) = (new SKColor(0x00, 0x72, 0xB2), new SKColor(0xD5, 0x5E, 0x00));

        Assert.True(ReportSamples.Count(one, c => ReportSamples.Near(c, blue)) > 500);
        Assert.Equal(0, ReportSamples.Count(one, c => ReportSamples.Near(c, orange)));
        Assert.True(ReportSamples.Count(two, c => ReportSamples.Near(c, orange)) > 500);
    }

    [Fact]
    public void A_dark_plot_has_a_dark_ground()
    {
        using var light = ReportSamples.Decode(Plots.LearningCurves("loss", "step", "loss", [Falling]));
        using var dark = ReportSamples.Decode(Plots.LearningCurves("loss", "step", "loss", [Falling], dark: true));
        Assert.Equal(SKColors.White, light.GetPixel(2, 2));
        Assert.True(dark.GetPixel(2, 2).Red < 40);
        Assert.Equal((light.Width, light.Height), (dark.Width, dark.Height));
    }

    [Fact]
    public void Nothing_to_draw_gives_an_empty_plot()
    {
        Assert.NotEmpty(Plots.LearningCurves("loss", "step", "loss", []));
        Assert.NotEmpty(
            Plots.LearningCurves("loss", "labels", "loss", [new Curve("nan", [1], [double.NaN])], logarithmicX: true));
    }

    [Fact]
    public void The_interval_of_a_limit_of_agreement_is_a_band_along_its_line()
    {
        AgreementSeries series = new("cobb1", [0, 10, 20, 30, 40], [-20, 25, 20, 45, 30]);
        using var plot = ReportSamples.Decode(
            AgreementPlots.BlandAltman("", series, [new(15, 13, 17), new(2, 0, 4), new(-11, -13, -9)], dark: false));
        var orange = new SKColor(0xF9, 0xE8, 0xDB); // the bias's hue, at 0.14 over white
        var places = Enumerable.Range(0, plot.Width * plot.Height)
            .Select(i => (X: i % plot.Width, Y: i / plot.Width))
            .Where(at => ReportSamples.Near(plot.GetPixel(at.X, at.Y), orange))
            .ToList();

        Assert.True(places.Max(at => at.X) - places.Min(at => at.X) > 0.7 * plot.Width);
        Assert.True(places.Max(at => at.Y) - places.Min(at => at.Y) < 0.2 * plot.Height);
    }

    [Fact]
    public void Axis_labels_are_drawn_without_any_font_of_the_system()
    {
        // The same text through the embedded face: where no glyphs were found the strips would be equal.
        using var with = ReportSamples.Decode(Plots.LearningCurves("", "step", "", [Rising]));
        using var without = ReportSamples.Decode(Plots.LearningCurves("", "", "", [Rising]));
        Assert.NotEqual(with.Pixels, without.Pixels);
        Assert.Same(ReportFonts.Regular, ScottPlot.Fonts.GetTypeface("a font that no machine has", false, false));
    }
}

using ScottPlot;
using SkiaSharp;

namespace Marrow.Reports;

/// <summary>
/// The typefaces of every picture. A bare machine has no fonts and SkiaSharp brings none, so two subsets of Inter
/// (SIL Open Font License, Fonts/OFL.txt) are embedded; the same pictures come out on every machine.
/// </summary>
internal static class ReportFonts
{
    public const string Family = "Inter";
    public static readonly SKTypeface Regular = Load("Inter-Regular.otf");
    public static readonly SKTypeface SemiBold = Load("Inter-SemiBold.otf");

    /// <summary>Makes ScottPlot draw with the embedded typefaces, whichever font it requests.</summary>
    public static void UseInPlots()
    {
        lock (Regular)
        {
            if (Fonts.FontResolvers.Count == 1 && Fonts.FontResolvers[0] is EmbeddedResolver)
                return;
            Fonts.FontResolvers.Clear();
            Fonts.FontResolvers.Add(new EmbeddedResolver());
            Fonts.Default = Family;
        }
    }

    private static SKTypeface Load(string name)
    {
        using var stream = typeof(ReportFonts).Assembly.GetManifestResourceStream(name)!;
        using var data = SKData.Create(stream);
        return SKTypeface.FromData(data);
    }

    private sealed class EmbeddedResolver : IFontResolver
    {
        public SKTypeface CreateTypeface(string fontName, bool bold, bool italic) => bold ? SemiBold : Regular;

        public SKTypeface CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
            weight >= FontWeight.SemiBold ? SemiBold : Regular;
    }
}

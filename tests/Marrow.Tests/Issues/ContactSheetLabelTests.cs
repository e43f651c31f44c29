using Marrow.Reports;
using SkiaSharp;

namespace Marrow.Tests.Issues;

/// <summary>Labels below a tile are wrapped, not cut: the sheet is there to judge them.</summary>
public sealed class ContactSheetLabelTests
{
    private static readonly string[] Findings =
    [
        "Enlarged Cardiomediastinum",
        "Cardiomegaly",
        "Lung Opacity",
        "Lung Lesion",
        "Consolidation",
        "Pneumothorax",
        "Pleural Effusion",
        "Pleural Other",
    ];

    [Fact]
    public void Every_label_stands_whole_on_one_line()
    {
        var lines = ContactSheet.Wrap(string.Join(", ", Findings), 260);
        Assert.InRange(lines.Count, 3, 6);
        Assert.DoesNotContain(lines, line => line.Contains('…'));
        Assert.All(Findings, finding => Assert.Single(lines, line => line.Contains(finding, StringComparison.Ordinal)));
        Assert.Equal(string.Join(", ", Findings), string.Join(' ', lines));
        Assert.Equal(["age 61.5   weight 70"], ContactSheet.Wrap("age 61.5  weight 70", 260));
        Assert.Equal([""], ContactSheet.Wrap("", 260));
    }

    [Fact]
    public void A_label_wider_than_its_tile_breaks_at_words_and_very_many_are_counted()
    {
        var broken = ContactSheet.Wrap("a finding with a long name", 70);
        Assert.InRange(broken.Count, 3, 5);
        Assert.Equal("a finding with a long name", string.Join(' ', broken));
        var many = ContactSheet.Wrap(
            string.Join(", ", Enumerable.Range(0, 500).Select(i => $"finding number {i}")),
            120);
        Assert.InRange(many.Count, 10, 40);
        Assert.Matches("^and [0-9]+ more$", many[^1]);
    }

    [Fact]
    public void A_sheet_grows_with_its_longest_list_of_labels()
    {
        Assert.Equal(3 * 18, Height(string.Join(", ", Findings)) - Height(string.Join(", ", Findings[..2])));

        static int Height(string detail)
        {
            var png = ContactSheet.Render([
                new(caption: "a.png", load: () => TestImages.Noise(1, 40, 40)) { Detail = detail },
            ]);
            using var picture = SKBitmap.Decode(png);
            return picture.Height;
        }
    }
}

using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Inputs;

namespace Marrow.Tests.Findings;

/// <summary>Where the cells of a map lie on the film, under every way in which a film becomes an input.</summary>
public class HeatMapTests
{
    private const int Width = 300, Height = 500; // of the film
    private const int Columns = 4, Rows = 6, Stride = 32;
    private const double FirstCenter = 14.5;

    private static readonly InputContract Input = new() { Width = Columns * Stride, Height = Rows * Stride };

    private static HeatMap Map(AffineTransform toInput, params (int Cell, double Heat)[] hot)
    {
        var cells = new double[Columns * Rows];
        foreach (var (cell, heat) in hot)
            cells[cell] = heat;
        return new(cells, Columns, new(toInput, Input.Width, Input.Height, Stride, FirstCenter), Width, Height);
    }

    private static HeatMap Uniform(AffineTransform toInput) =>
        Map(toInput, [.. Enumerable.Range(0, Columns * Rows).Select(cell => (cell, 1.0))]);

    public static TheoryData<string> Ways => [.. Transforms().Keys];

    private static Dictionary<string, AffineTransform> Transforms() => new()
    {
        ["stretch"] = Preprocessor.ToInput(Input, Width, Height),
        ["letterbox"] = Preprocessor.ToInput(Input with { Fit = Fit.Letterbox }, Width, Height),
        ["cover"] = Preprocessor.ToInput(Input with { Fit = Fit.Cover }, Width, Height),
        ["crop"] = Preprocessor.ToInput(Input, new ImageCrop(new(150, 260), 180, 300, 0.3)),
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public void The_peak_is_where_the_contract_shows_the_strongest_cell(string way)
    {
        var toInput = Transforms()[way];
        const int cell = 2 * Columns + 1; // the third row, the second column
        var map = Map(toInput, (cell, 3), (cell + 1, 1.5));
        var shown = toInput.Apply(map.Peak!.Value);
        Assert.Equal(FirstCenter + Stride, shown.X, 1e-9);
        Assert.Equal(FirstCenter + 2 * Stride, shown.Y, 1e-9);
        Assert.Equal(1, map.At(map.Peak.Value), 1e-9);
        var between = toInput.Invert().Apply(new(FirstCenter + 1.5 * Stride, FirstCenter + 2 * Stride));
        Assert.Equal(0.75, map.At(between), 1e-9);
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void Pixels_are_the_heat_of_their_centres_and_what_was_not_seen_has_none(string way)
    {
        var toInput = Transforms()[way];
        var pixels = Uniform(toInput).Pixels();
        for (var i = 0; i < pixels.Length; i += 7)
        {
            var p = toInput.Apply(new(i % Width + 0.5, i / Width + 0.5));
            var seen = p is { X: >= 0, Y: >= 0 } && p.X <= Input.Width && p.Y <= Input.Height;
            Assert.Equal(seen ? 255 : 0, pixels[i]);
        }
    }

    [Fact]
    public void The_share_inside_is_of_the_film_and_not_of_the_black_beside_it()
    {
        Assert.Equal(1, Uniform(Transforms()["stretch"]).InsideShare, 1e-9);
        // 300 x 500 in 128 x 192 is 115.2 x 192 px.
        Assert.Equal(115.2 / 128, Uniform(Transforms()["letterbox"]).InsideShare, 0.01);
        Assert.True(Uniform(Transforms()["letterbox"]).SeesAll);
        Assert.False(Uniform(Transforms()["cover"]).SeesAll);
        Assert.False(Uniform(Transforms()["crop"]).SeesAll);
    }

    [Fact]
    public void A_peak_beside_the_film_is_moved_to_the_strongest_cell_on_it()
    {
        // The film fills the right half of the input.
        var toInput = AffineTransform.Scale(64.0 / Width, 192.0 / Height).Then(AffineTransform.Translate(64, 0));
        var map = Map(toInput, (0, 5), (3, 1));
        Assert.Equal(FirstCenter + 3 * Stride, toInput.Apply(map.Peak!.Value).X, 1e-9);
        Assert.InRange(map.InsideShare, 0.1, 0.4);
    }

    [Fact]
    public void A_map_without_heat_has_no_peak()
    {
        var map = Map(Transforms()["stretch"]);
        Assert.True(map.IsEmpty);
        Assert.Null(map.Peak);
        Assert.Equal(0, map.InsideShare);
        Assert.All(map.Pixels(), heat => Assert.Equal(0, heat));
    }
}

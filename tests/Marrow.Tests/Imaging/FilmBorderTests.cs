using Marrow.Imaging;

namespace Marrow.Tests.Imaging;

public sealed class FilmBorderTests
{
    private static Radiograph Film(int width, int height, Func<int, int, int> value) => new(
        width,
        height,
        [.. Enumerable.Range(0, width * height).Select(i => (ushort)value(i % width, i / width))],
        8,
        "a")
    {
        OriginalWidth = 2 * width,
        OriginalHeight = 2 * height,
    };

    private static int Noise(int x, int y) => (int)(SeededRandom.Fork(9, x, y).NextUInt64() & 255);

    [Fact]
    public void A_film_without_a_border_stays_the_very_same_object()
    {
        var film = Film(100, 200, Noise);

        var border = FilmBorder.Of(film);

        Assert.Same(film, border.Film);
        Assert.False(border.IsThere);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(100)]
    public void A_border_of_any_grey_is_cut_off_and_its_place_kept(int grey)
    {
        var whole = Film(100, 200, (x, y) =>
            x is >= 10 and < 80 && y is >= 30 and < 190
                ? Noise(x, y)
                : grey + ((x + y) % 3 == 0 ? -(grey > 0 ? 2 : 0) : 0));

        var border = FilmBorder.Of(whole);

        Assert.Equal(
            (70, 160, 140, 320),
            (border.Film.Width, border.Film.Height, border.Film.OriginalWidth, border.Film.OriginalHeight));
        Assert.Equal((20, 60, 40, 20), (border.Left, border.Top, border.Right, border.Bottom));
        Assert.Equal(new Point2D(20, 60), border.ToOriginal.Apply(new Point2D(0, 0)));
        Assert.Equal(Noise(10, 30), border.Film.Pixels[0]);
        Assert.Equal(
            "A uniform border was left out (left 10 %, top 15 %, right 20 %, bottom 5 %).",
            border.Describe(whole));
    }

    [Fact]
    public void A_white_frame_around_a_black_one_goes_with_it()
    {
        var whole = Film(100, 200, (x, y) => Math.Min(Math.Min(x, 99 - x), Math.Min(y, 199 - y)) switch
            {
                < 5 => 255,
                < 12 => 0,
                _ => Noise(x, y),
            });

        Assert.Equal((76, 176), (FilmBorder.Of(whole).Film.Width, FilmBorder.Of(whole).Film.Height));
    }

    [Fact]
    public void An_image_of_one_grey_and_a_stripe_of_a_pixel_are_no_border()
    {
        Assert.False(FilmBorder.Of(Film(100, 200, (_, _) => 7)).IsThere);
        Assert.False(FilmBorder.Of(Film(300, 400, (x, y) => x == 0 ? 0 : Noise(x, y))).IsThere);
    }
}

using Marrow.Tasks;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Points;

public class PointLocatorTests
{
    private const int Rows = 12, Columns = 16, Width = 64, Height = 48; // cells of 4 px

    /// <summary>Logits of a Gaussian of one cell at a place in input px, [h, w].</summary>
    private static float[] Gaussian(double x, double y, double height = 0) =>
        [
            .. Enumerable
                .Range(0, Rows * Columns)
                .Select(i =>
                {
                    var (dx, dy) = (i % Columns + 0.5 - x / 4, i / Columns + 0.5 - y / 4);
                    return (float)(height - (dx * dx + dy * dy) / 2);
                }),
        ];

    private static float[][] Decode(params float[][] heatmaps)
    {
        using var scope = NewDisposeScope();
        var logits = tensor(heatmaps.SelectMany(h => h).ToArray(), [1, heatmaps.Length, Rows, Columns]);
        return [.. PointLocator.Decode(logits, Width, Height).data<float>().ToArray().Chunk(3)];
    }

    [Theory]
    [InlineData(30, 22)]
    [InlineData(33.7, 25.1)] // finer than a cell
    [InlineData(20.4, 30)]
    public void The_place_of_a_heatmap_is_the_middle_of_its_peak(double x, double y)
    {
        var found = Decode(Gaussian(x, y), Gaussian(40, 20))[0];
        Assert.Equal(x, found[0], 0.05);
        Assert.Equal(y, found[1], 0.05);
        Assert.InRange(found[2], 0.99, 1.0001);
    }

    [Fact]
    public void A_second_lower_peak_takes_score_but_does_not_move_the_place()
    {
        var (one, two) = (Gaussian(12, 24), Gaussian(52, 24, height: -0.2));
        var both = one.Zip(two, (a, b) => (float)Math.Log(Math.Exp(a) + Math.Exp(b))).ToArray();
        var found = Decode(both)[0];
        Assert.Equal(12, found[0], 0.1);
        Assert.InRange(found[2], 0.5, 0.6); // e^0 of e^0 + e^-0.2
    }

    [Theory]
    [InlineData(64, 48)]
    [InlineData(50, 70)] // no multiple of 4
    public void It_gives_places_in_input_pixels_from_maps_of_a_quarter_of_the_size_rounded_up(int width, int height)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var spec = new ModelSpec { Architecture = "points-densenet-mini", Outputs = 5 };
        using var model = (PointLocator)ModelCatalogue.Create(spec);
        model.eval();
        var images = randn(2, 1, height, width);
        Assert.Equal([2, 5, (height + 3) / 4, (width + 3) / 4], model.Heatmaps(images).shape);
        var found = model.forward(images);
        Assert.Equal([2, 5, 3], found.shape);
        Assert.All(found.data<float>().ToArray().Chunk(3), p =>
            Assert.True(p[0] >= 0 && p[0] <= width && p[1] >= 0 && p[1] <= height && p[2] > 0 && p[2] <= 1.0001));
    }

    [Fact]
    public void A_regressor_gives_the_mean_of_its_labels_before_it_has_learnt_and_keeps_their_scale()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = (NumberRegressor)
            ModelCatalogue.Create(new() { Architecture = "regress-densenet-mini", Outputs = 2 });
        model.eval();
        var images = randn(3, 1, 32, 32);
        var units = model.forward(images).data<float>().ToArray();
        model.Normalize([60, -1], [12, 0.5]);
        var numbers = model.forward(images).data<float>().ToArray();
        for (var i = 0; i < units.Length; i++)
            Assert.Equal(i % 2 == 0 ? units[i] * 12 + 60 : units[i] * 0.5 - 1, numbers[i], 1e-4);
        Assert.Contains("deviation", model.state_dict().Keys); // stored with the weights
    }
}

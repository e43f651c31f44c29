using Marrow.Computing;
using Marrow.Tasks.Strip;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Strip;

public sealed class StripWindowsTests
{
    private const int Stride = 4, Rows = 40, Columns = 16;

    [Theory]
    [InlineData(30.0, 70.0)]
    [InlineData(33.3, 61.7)]
    [InlineData(22.0, 90.5)]
    public void A_peak_in_the_window_is_found_more_finely_than_a_cell(double x, double y)
    {
        using var scope = NewDisposeScope();
        var found = StripWindows.Open(Peaks((x, y)), At(28, 76), Stride).Means().Values<float>();

        Assert.Equal(x, found[0], 0.1);
        Assert.Equal(y, found[1], 0.1);
    }

    [Fact]
    public void A_higher_peak_beyond_the_window_is_another_items()
    {
        using var scope = NewDisposeScope();
        var maps = logaddexp(Peaks((30, 70)), Peaks((30, 120)).Plus(3));
        var found = StripWindows.Open(maps, At(30, 72), Stride).Means().Values<float>();

        Assert.Equal(70, found[1], 0.2);
    }

    [Fact]
    public void Cells_beyond_the_strip_do_not_count()
    {
        using var scope = NewDisposeScope();
        var found = StripWindows.Open(zeros([1, 1, Rows, Columns], device: CPU), At(2, 3), Stride).Means()
            .Values<float>();

        // The mean of those cells of the window that lie within the strip.
        Assert.Equal(8 / 2.0 * Stride, found[0], 1e-3);
        Assert.Equal(7 / 2.0 * Stride, found[1], 1e-3);
    }

    [Fact]
    public void The_loss_of_the_true_places_is_the_least()
    {
        using var scope = NewDisposeScope();
        (double X, double Y)[] truth = [(20, 60), (44, 60), (20, 90), (44, 90)];
        var logits = cat([.. truth.Select(p => Peaks(p))], 1);
        var points = tensor([.. truth.SelectMany(p => (float[])[(float)p.X, (float)p.Y])], [1, 1, 4, 2], device: CPU);
        double LossAt(double dx, double dy) =>
            StripLoss.Compute(
                StripWindows.Open(logits, points, Stride), points.Plus(tensor([(float)dx, (float)dy], device: CPU)),
                Columns * Stride, Rows * Stride, Stride).Distance.Value<float>();

        var least = LossAt(0, 0);
        Assert.True(least < 0.01, $"{least}");
        Assert.True(LossAt(6, 0) > 10 * least && LossAt(0, -6) > 10 * least);
    }

    [Fact]
    public void A_tilt_costs_more_than_a_shift_of_the_same_size()
    {
        using var scope = NewDisposeScope();
        (double X, double Y)[] truth = [(20, 60), (44, 60), (20, 90), (44, 90)];
        var logits = cat([.. truth.Select(p => Peaks(p))], 1);
        var places = Places(truth);
        double LossOf((double X, double Y)[] wanted) => StripLoss.Compute(
            StripWindows.Open(logits, places, Stride), Places(wanted), Columns * Stride, Rows * Stride, Stride)
            .Distance.Value<float>();

        var shifted = LossOf([.. truth.Select(p => (p.X, p.Y + 4))]);
        var tilted = LossOf([(20, 64), (44, 56), (20, 94), (44, 86)]);
        Assert.Equal(2, tilted / shifted, 0.1);
    }

    [Fact]
    public void An_unknown_point_or_one_beyond_the_strip_adds_no_loss_of_its_item()
    {
        using var scope = NewDisposeScope();
        var logits = rand([1, 1, Rows, Columns], device: CPU);
        foreach (var gone in (float[])[float.NaN, -5])
        {
            var points = tensor([gone, 60f], [1, 1, 1, 2], device: CPU);
            var (distance, peaks) = StripLoss.Compute(
                StripWindows.Open(logits, At(20, 60), Stride), points, Columns * Stride, Rows * Stride, Stride);
            Assert.Equal(0, distance.Value<float>());
            Assert.Equal(0, peaks.Value<float>());
        }
    }

    [Fact]
    public void Gradients_are_those_of_central_differences()
    {
        using var scope = NewDisposeScope();
        manual_seed(3);
        var logits = rand([1, 1, Rows, Columns], ScalarType.Float64, CPU).requires_grad_();
        var points = tensor([31f, 66f], [1, 1, 1, 2], device: CPU);
        double LossOf(Tensor x)
        {
            var (distance, peaks) = StripLoss.Compute(
                StripWindows.Open(x, At(24, 70), Stride), points, Columns * Stride, Rows * Stride, Stride);
            return distance.to(float64).Value<double>() + peaks.to(float64).Value<double>();
        }
        var (d, p) = StripLoss.Compute(
            StripWindows.Open(logits, At(24, 70), Stride), points, Columns * Stride, Rows * Stride, Stride);
        (d.Plus(p)).backward();
        var gradient = logits.grad!.Values<double>();

        foreach (var cell in (int[])[17 * Columns + 6, 15 * Columns + 8, 12 * Columns + 3])
        {
            const double step = 1e-2;
            var (row, column) = Math.DivRem(cell, Columns);
            using var noGrad = no_grad();
            Tensor Moved(double by)
            {
                var x = logits.detach().clone();
                x[0, 0, row, column] = x[0, 0, row, column].Plus(by);
                return x;
            }
            Assert.Equal((LossOf(Moved(step)) - LossOf(Moved(-step))) / (2 * step), gradient[cell], 1e-3);
        }
    }

    private static Tensor At(double x, double y) => tensor([(float)x, (float)y], [1, 1, 1, 2], device: CPU);

    private static Tensor Places((double X, double Y)[] places) =>
        tensor([.. places.SelectMany(p => (float[])[(float)p.X, (float)p.Y])], [1, 1, places.Length, 2], device: CPU);

    /// <summary>One map [1, 1, h, w] whose exponential is a Gaussian at a place, given in strip pixels.</summary>
    private static Tensor Peaks((double X, double Y) at)
    {
        const double sigma = 0.9 * Stride;
        var values = new float[Rows * Columns];
        for (var i = 0; i < values.Length; i++)
        {
            var (row, column) = Math.DivRem(i, Columns);
            var (dx, dy) = ((column + 0.5) * Stride - at.X, (row + 0.5) * Stride - at.Y);
            values[i] = (float)Math.Max(-60, -(dx * dx + dy * dy) / (2 * sigma * sigma));
        }
        return tensor(values, [1, 1, Rows, Columns], device: CPU);
    }
}

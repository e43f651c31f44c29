using Marrow.Metrics;

namespace Marrow.Tests.Metrics;

public class ReconstructionTests
{
    private static readonly BootstrapOptions NoInterval = new() { Resamples = 0 };

    [Fact]
    public void The_error_is_a_share_of_the_means_error_over_all_hidden_pixels()
    {
        Assert.Equal(
            (1 + 3) / (2 + 8.0),
            Assert.Single(Reconstruction.Measure([1, 3], [2, 8], ["a", "b"], NoInterval)).Value,
            1e-12);
        Assert.Equal(1, Reconstruction.Measure([2, 8], [2, 8], ["a", "b"], NoInterval)[0].Value);
    }

    [Fact]
    public void Where_nothing_varies_there_is_no_error_to_speak_of()
    {
        Assert.Equal(double.NaN, Reconstruction.Measure([1, 3], [0, 0], ["a", "b"], NoInterval)[0].Value);
        Assert.Equal(2, Reconstruction.Measure([0, 3], [0, 1.5], ["black", "b"], NoInterval)[0].Value);
    }

    [Fact]
    public void Its_interval_goes_over_patients()
    {
        var value = Reconstruction.Measure([1, 1, 9], [10, 10, 10], ["a", "a", "b"])[0];
        Assert.Equal((0.1, 0.9), (Math.Round(value.Low, 6), Math.Round(value.High, 6)));
    }
}

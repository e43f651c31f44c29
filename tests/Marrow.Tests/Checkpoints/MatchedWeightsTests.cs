using Marrow.Backbones;
using Marrow.Checkpoints.Transfer;
using static TorchSharp.torch;

namespace Marrow.Tests.Checkpoints;

public sealed class MatchedWeightsTests : IDisposable
{
    private readonly Backbone _source = New(1);

    public MatchedWeightsTests()
    {
        // As after training: no layer has the statistics of its initialisation.
        using var noGrad = no_grad();
        var layer = 0;
        foreach (var (_, parameter) in _source.named_parameters())
        {
            var values = Values(parameter);
            for (var i = 0; i < values.Length; i++)
                values[i] = values[i] * (1 + layer % 5) + 0.01f * layer + 0.001f * i;
            layer++;
            parameter.copy_(tensor(values, parameter.shape));
        }
    }

    public void Dispose() => _source.Dispose();

    [Fact]
    public void Convolutions_keep_mean_and_deviation_and_nothing_else()
    {
        using var target = New(2);
        MatchedWeights.Draw(_source, target, 5);
        foreach (var (name, parameter) in target.named_parameters().Where(p => p.parameter.dim() == 4))
        {
            float[] before = Values(_source.get_parameter(name)!), drawn = Values(parameter);
            var (mean, deviation) = (before.Average(), DrawnWeights.Deviation(before));
            Assert.Equal(mean, drawn.Average(), 5 * deviation / Math.Sqrt(drawn.Length));
            Assert.Equal(1, DrawnWeights.Deviation(drawn) / deviation, 5 / Math.Sqrt(drawn.Length));
            Assert.True(Math.Abs(DrawnWeights.Correlation(before, drawn)) < 5 / Math.Sqrt(drawn.Length), name);
        }
    }

    [Fact]
    public void Norms_keep_their_pairs_in_another_order()
    {
        using var target = New(2);
        MatchedWeights.Draw(_source, target, 5);
        var moved = 0;
        foreach (
            var name in target
                .named_parameters()
                .Select(p => p.name)
                .Where(n => n.Contains("norm") && n.EndsWith(".weight", StringComparison.Ordinal)))
        {
            var bias = name.Replace(".weight", ".bias");
            var before = Values(_source.get_parameter(name)!).Zip(Values(_source.get_parameter(bias)!)).ToList();
            var after = Values(target.get_parameter(name)!).Zip(Values(target.get_parameter(bias)!)).ToList();
            Assert.Equal(before.Order(), after.Order());
            moved += before.Zip(after).Count(p => p.First != p.Second);
        }
        Assert.True(moved > 100);
    }

    [Fact]
    public void The_seed_decides()
    {
        using Backbone first = New(2), same = New(3), other = New(2);
        MatchedWeights.Draw(_source, first, 5);
        MatchedWeights.Draw(_source, same, 5);
        MatchedWeights.Draw(_source, other, 6);
        Assert.Equal(Values(first.get_parameter("conv0.weight")!), Values(same.get_parameter("conv0.weight")!));
        Assert.NotEqual(Values(first.get_parameter("conv0.weight")!), Values(other.get_parameter("conv0.weight")!));
    }

    private static Backbone New(long seed)
    {
        manual_seed(seed);
        return BackboneCatalogue.Create("densenet-mini", 1);
    }

    private static float[] Values(Tensor x) => x.detach().contiguous().data<float>().ToArray();
}

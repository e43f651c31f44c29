using Marrow.Checkpoints;
using Marrow.Exchange;
using TorchSharp;

namespace Marrow.Tests;

/// <summary>A checkpoint and what an export and an import made of it.</summary>
internal static class AssertRoundTrip
{
    /// <summary>
    /// Config, terms and outputs are the same, and every tensor has the same numbers to the bit. Its type is the same
    /// as well unless the format widened it to float32.
    /// </summary>
    public static void Of(Checkpoint first, Checkpoint again, ImportSummary summary)
    {
        Assert.Equal(first.Weights.Entries.Select(e => e.Name), again.Weights.Entries.Select(e => e.Name));
        foreach (var entry in first.Weights.Entries)
        {
            using var scope = torch.NewDisposeScope();
            var (before, after) = (first.Weights.Read(entry.Name), again.Weights.Read(entry.Name));
            Assert.Equal(before.shape, after.shape);
            Assert.True(before.dtype == after.dtype || after.dtype == torch.ScalarType.Float32, entry.Name);
            Assert.True(before.to(after.dtype).equal(after).all().item<bool>(), entry.Name);
        }
        AssertJson.Equal(first.Config, again.Config);
        Assert.Equal(first.License, again.License);
        AssertJson.Equal(first.Parents.Datasets, again.Parents.Datasets);
        AssertJson.Equal(first.Parents.Checkpoints, again.Parents.Checkpoints);
        Assert.Superset(
            first.Parents.Ancestors().Select(AssertJson.Of).ToHashSet(),
            again.Parents.Ancestors().Select(AssertJson.Of).ToHashSet());
        Assert.Equal(
            ("marrow-export", summary.File.Sha256),
            (summary.File.Map, again.Parents.Imported!.Sha256));
        using var all = torch.NewDisposeScope();
        using var quiet = torch.no_grad();
        using var a = first.BuildModel();
        using var b = again.BuildModel();
        var input = GoldenSample.Input([1, first.Config.Model.Channels, 64, 96], 5);
        var (outputs, others) = (ModelOutputs.Of(a, input).ToList(), ModelOutputs.Of(b, input).ToList());
        Assert.Equal(outputs.Select(o => o.Name), others.Select(o => o.Name));
        Assert.All(outputs.Zip(others), pair =>
            Assert.True(pair.First.Value.equal(pair.Second.Value).all().item<bool>(), pair.First.Name));
    }
}

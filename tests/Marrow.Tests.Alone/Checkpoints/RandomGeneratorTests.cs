using Marrow.Hub;
using TorchSharp;

namespace Marrow.Tests.Checkpoints;

public sealed class RandomGeneratorTests
{
    [Fact]
    public void Building_a_model_leaves_torchs_random_generator_as_it_was()
    {
        using var hub = new TemporaryFolder();
        using var model = Drafts.Model();
        using var saved = Drafts.Of(model).Save(hub.Path);
        torch.manual_seed(5);
        using var expected = torch.rand(3);
        torch.manual_seed(5);
        using var built = saved.BuildModel();
        using var found = torch.rand(3);
        Assert.Equal(expected, found);
    }

    [Fact]
    public void Models_that_are_built_at_once_leave_it_too()
    {
        using var hub = new TemporaryFolder();
        using var model = Drafts.Model();
        using var saved = Drafts.Of(model).Save(hub.Path);
        torch.manual_seed(5);
        using var before = torch.get_rng_state();
        for (var round = 0; round < 5; round++)
        {
            using var together = new Barrier(4);
            Thread[] builders = [.. Enumerable.Range(0, together.ParticipantCount).Select(_ => new Thread(() =>
            {
                together.SignalAndWait();
                saved.BuildModel(verifyGolden: false).Dispose();
            }))];
            foreach (var builder in builders)
                builder.Start();
            foreach (var builder in builders)
                builder.Join();
            using var after = torch.get_rng_state();
            Assert.True(before.Equals(after), "The generator is another.");
        }
    }
}

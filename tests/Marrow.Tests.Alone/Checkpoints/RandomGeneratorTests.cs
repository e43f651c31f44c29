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
}

using Marrow.Computing;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Training.Methods;
using static TorchSharp.torch;

namespace Marrow.Tests.Training.Methods;

public class ModelModeTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Running_statistics_stay_while_gradients_flow(bool bf16)
    {
        using var scope = NewDisposeScope();
        using var model = (Classifier)ModelCatalogue.Create(new() { Architecture = "densenet-mini", Outputs = 2 });
        var mode = new ModelMode(model);
        var compute = new Compute(bf16 && Compute.HasBFloat16Instructions(), bf16);
        compute.Arrange(model);
        model.train();
        Forward(1);
        var before = Buffers(model);
        mode.KeepingStatistics(() => Forward(3)).sum().backward();
        Assert.Equal(before, Buffers(model));
        Assert.All(model.parameters(), p => Assert.NotNull(p.grad));
        Forward(1);
        Assert.NotEqual(before, Buffers(model));

        Tensor Forward(float scale)
        {
            var images = compute.Arrange(randn(4, 1, 32, 32) * scale);
            return compute.Forward(() => model.forward(images));
        }
    }

    [Fact]
    public void Each_module_goes_back_to_its_own_mode()
    {
        using var scope = NewDisposeScope();
        using var model = (Classifier)ModelCatalogue.Create(new() { Architecture = "densenet-mini", Outputs = 2 });
        var mode = new ModelMode(model);
        model.train();
        ModelTools.FreezeBatchNorm(model, "features.denseblock1");
        var before = model.modules().Select(m => m.training).ToArray();
        Assert.Contains(false, before);
        Assert.All(mode.Evaluating(() => model.modules().Select(m => m.training).ToArray()), Assert.False);
        Assert.Equal(before, model.modules().Select(m => m.training));
        Assert.True(is_grad_enabled());
    }

    private static float[] Buffers(Classifier model) =>
        [.. model.named_buffers().Where(b => b.buffer.is_floating_point())
            .SelectMany(b => b.buffer.data<float>().ToArray())];
}

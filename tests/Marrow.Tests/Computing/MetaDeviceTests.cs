using Marrow.Computing;
using Marrow.Modules;
using Marrow.Tasks;
using Marrow.Tasks.Pretrain;
using Marrow.Tasks.Vertebrae;
using Marrow.Training.Loop;
using Marrow.Training.Methods;
using TorchSharp;
using static TorchSharp.torch;

namespace Marrow.Tests.Computing;

/// <summary>
/// The device "meta", whose tensors have a shape and no numbers, is the one beside the processor that every libtorch
/// has: an operation there fails when one of its tensors was left on the processor. Without Python, libtorch has no
/// convolution for it, no absolute value, no index and no cross entropy: so models are brought there and not run, and
/// of losses and decoding stands here what it has all operations for. DefaultDeviceTests see the whole of each task,
/// the other way round.
/// </summary>
public class MetaDeviceTests
{
    private const string NoNumbers = "meta tensor"; // "Cannot copy out of meta tensor; no data!"
    private const int N = 2, K = 3, Width = 64, Height = 96;

    private static readonly Compute Meta = new(false, false, new(DeviceType.META));

    public static TheoryData<string> Tasks => [.. CheckpointTask.All];

    [Theory]
    [MemberData(nameof(Tasks))]
    public void A_model_its_optimizers_state_and_its_average_lie_where_it_was_brought(string name)
    {
        using var scope = NewDisposeScope();
        using var bench = new TaskBench(name);
        using var task = bench.Create(name);
        using var method = new Supervised(task, Meta);
        using var optimizer = new Optimizer(
            Marrow.Training.Recipes.OptimizerKind.Sgd,
            0.9,
            new FreezePlan(task.Spec, new()).Groups(task.Model));
        using var average = new MovingAverage(task.Model, 0.9);
        foreach (var (_, parameter) in task.Model.named_parameters())
            parameter.grad = zeros_like(parameter);
        optimizer.Step(0.1);
        average.Update(0);
        IEnumerable<Tensor> all =
        [
            .. task.Model.state_dict().Values,
            .. optimizer.State().Select(s => s.Value),
            .. average.State().Select(s => s.Value),
        ];
        Assert.All(all, x => Assert.Equal(DeviceType.META, x.device_type));
        using var loader = bench.Loader();
        using var batch = loader.Next();
        Assert.Equal(DeviceType.META, Meta.Arrange(batch.Images).device_type);
    }

    [Fact]
    public void The_loss_of_hidden_patches_is_made_where_the_images_are()
    {
        using var scope = NewDisposeScope();
        var mask = PatchMask.Of(Of(N, Height / 16 * (Width / 16)), new() { PatchPixels = 16 }, Width, Height);
        var loss = ReconstructionLoss.Compute(Of(N, 1, Height, Width), Of(N, 1, Height, Width), mask, 16);
        Assert.Equal(DeviceType.META, loss.device_type);
    }

    /// <summary>
    /// What they read has no numbers there, and they say so: on a device that has some, they bring them to the
    /// processor.
    /// </summary>
    [Fact]
    public void Whatever_reads_numbers_brings_them_to_the_processor_first()
    {
        using var scope = NewDisposeScope();
        HasNone(() => Of(N).Values<float>());
        HasNone(() => Of().Value<float>());
        HasNone(() => ClassProbabilities.Of(Of(N, K), new(["a", "b", "c"], false, [])));
        HasNone(() => BothSides.Means(Of(N, 2 * K)));
        HasNone(() => SpineDecoder.Decode(Detections(), new()));

        static void HasNone(Action read) =>
            Assert.Contains(NoNumbers, Assert.ThrowsAny<Exception>(read).Message, StringComparison.Ordinal);
    }

    private static Tensor Of(params long[] shape) => empty(shape, float32, META);

    private static DetectorOutput Detections()
    {
        var anchors = new AnchorGrid(DetectorSpec.Vertebrae(Width, Height), Width, Height, [(Height / 8, Width / 8)]);
        var rows = anchors.Boxes.Length;
        return new(Of(N, rows, 1), Of(N, rows, BoxCoder.Length), Of(N, rows, CornerCoder.Length), anchors);
    }
}

using Marrow.Computing;
using Marrow.Tasks;
using TorchSharp;
using static TorchSharp.torch;

namespace Marrow.Tests.Training;

/// <summary>
/// Torch's default device is where tensors lie of which nobody said where. With models and images on the processor and
/// another device as default, everything must go on as before: a tensor that was made without a device would have no
/// numbers, and would not go together with the others. So the whole of each task is seen to say where its tensors are
/// made.
/// </summary>
public class DefaultDeviceTests
{
    public static TheoryData<string> Tasks => [.. CheckpointTask.All];

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Losses_and_measures_do_not_depend_on_the_default_device(string name)
    {
        using var scope = NewDisposeScope();
        using var bench = new TaskBench(name);
        using var task = bench.Create(name);
        using var loader = bench.Loader(plain: true);
        using var batch = loader.Next();

        var expected = Numbers();
        var found = WithoutDefault(Numbers);
        Assert.Equal(expected, found);

        double[] Numbers()
        {
            manual_seed(1); // of what is hidden in pretraining
            task.Model.eval();
            double[] losses =
            [
                .. task.Loss(batch.Images, batch, Compute.Float32).Select(l => (double)l.Value.Value<float>()),
            ];
            double[] measures =
            [
                .. task.Measure(loader, Compute.Float32, new() { Resamples = 0 }).Select(m => m.Value),
            ];
            return [.. losses, .. measures];
        }
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void Answers_for_unlabelled_images_do_not_depend_on_the_default_device(string name)
    {
        using var scope = NewDisposeScope();
        using var bench = new TaskBench(name);
        using var task = bench.Create(name);
        using var loader = bench.Loader(plain: true);
        using var batch = loader.Next();
        task.Model.eval();
        using var noGrad = no_grad();
        Assert.Equal(Numbers(), WithoutDefault(Numbers));

        double[] Numbers()
        {
            var numbers = new List<double>();
            if (task is IConsistentTask consistent)
            {
                var answers = consistent.Answers(batch.Images, Compute.Float32);
                var consistency = consistent.Consistency(answers, batch.Images, new(0.5, 0.1), Compute.Float32);
                numbers.AddRange([
                    consistency.Loss.Value<float>(),
                    consistency.Accepted,
                    consistency.Confidence,
                    .. consistent.Signatures(answers).SelectMany(s => s),
                ]);
            }
            if (task is ITeacherTask teacher)
                numbers.AddRange(teacher.Label(batch, Compute.Float32).Select(l => l.Confidence));
            return [.. numbers];
        }
    }

    [Fact]
    public void Batches_are_made_on_the_processor_whatever_the_default_device_is()
    {
        using var bench = new TaskBench();
        WithoutDefault(() =>
        {
            using var loader = bench.Loader(plain: true);
            using var batch = loader.Next();
            using var nobodySaid = zeros(1);
            Assert.Equal(DeviceType.META, nobodySaid.device_type);
            Assert.All((Tensor[])[batch.Images, batch.Masks!, batch.Plain!.Images], x =>
                Assert.Equal(DeviceType.CPU, x.device_type));
            return true;
        });
    }

    /// <summary>With a default device that has no numbers.</summary>
    private static T WithoutDefault<T>(Func<T> act)
    {
        var before = get_default_device();
        set_default_device(META);
        try
        {
            return act();
        }
        finally
        {
            set_default_device(before);
        }
    }
}

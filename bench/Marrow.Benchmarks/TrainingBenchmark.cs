using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using static TorchSharp.torch;

namespace Marrow.Benchmarks;

/// <summary>
/// Whole training steps (layout of the images, forward, loss, backward, gradient norm, optimizer): float32 as
/// TorchSharp gives it, with its own AdamW, against Marrow's ways of computing, of which the last is what a recipe gets
/// on this machine.
/// </summary>
internal static class TrainingBenchmark
{
    private const int ClassifierBatch = 8, DetectorBatch = 4;
    private const double LearningRate = 1e-4;

    private static readonly TrainOptions Options = new();

    public static IEnumerable<Comparison> Classifier(int rounds)
    {
        using var batch = Subjects.Batch(Subjects.ChestInput, ClassifierBatch);
        using var plain = new PlainStep(Subjects.Classifier(), batch);
        using var fused = new MarrowStep(Subjects.Classifier(), batch, Compute.Float32);
        using var channelsLast = new MarrowStep(Subjects.Classifier(), batch, new(false, true));
        using var bf16 = new MarrowStep(Subjects.Classifier(), batch, new(true, false));
        using var marrow = new MarrowStep(Subjects.Classifier(), batch, Compute.Choose());
        yield return Comparison.Measure(
            $"train: DenseNet-121, 224 x 224, batch {ClassifierBatch}",
            ClassifierBatch,
            rounds,
            new("f32, TorchSharp's AdamW", plain.Run),
            new("f32, fused AdamW", fused.Run),
            new("f32 channels-last, fused AdamW", channelsLast.Run),
            new("bf16, fused AdamW", bf16.Run),
            new($"Marrow's choice: {Compute.Choose()}", marrow.Run));
    }

    public static IEnumerable<Comparison> Detector(int rounds)
    {
        using var batch = Subjects.Batch(Subjects.SpineInput, DetectorBatch);
        using var plain = new PlainStep(Subjects.Detector(), batch);
        using var marrow = new MarrowStep(Subjects.Detector(), batch, Compute.Choose());
        yield return Comparison.Measure(
            $"train: RetinaNet-DenseNet-121, 192 x 576, batch {DetectorBatch}",
            DetectorBatch,
            rounds,
            new("f32, TorchSharp's AdamW", plain.Run),
            new($"Marrow's choice: {Compute.Choose()}", marrow.Run));
    }

    /// <summary>A step as <see cref="TrainingLoop"/> takes it.</summary>
    internal sealed class MarrowStep : IDisposable
    {
        private readonly TaskModel _task;
        private readonly Batch _batch;
        private readonly Compute _compute;
        private readonly Optimizer _optimizer;

        /// <param name="task">Disposed with this.</param>
        public MarrowStep(TaskModel task, Batch batch, Compute compute)
        {
            KeptMemory.Ask(); // for all of the process: float32 as TorchSharp gives it gains by it as well
            (_task, _batch, _compute) = (task, batch, compute);
            compute.Arrange(task.Model);
            var freeze = new FreezePlan(task.Spec, Options);
            _optimizer = new(OptimizerKind.AdamW, 0, freeze.Groups(task.Model));
            freeze.Apply(task.Model, 0);
        }

        public void Run()
        {
            using var scope = NewDisposeScope();
            _optimizer.ZeroGradients();
            var losses = _task.Loss(_compute.Arrange(_batch.Images), _batch, _compute);
            losses.Select(l => l.Value).Aggregate((a, b) => a + b).backward();
            _optimizer.ClipGradients(0);
            _optimizer.Step(LearningRate);
        }

        public void Dispose()
        {
            _optimizer.Dispose();
            _task.Dispose();
        }
    }

    /// <summary>The same step without anything of Marrow's but the model and its loss.</summary>
    private sealed class PlainStep : IDisposable
    {
        private readonly TaskModel _task;
        private readonly Batch _batch;
        private readonly optim.Optimizer _optimizer;

        public PlainStep(TaskModel task, Batch batch)
        {
            (_task, _batch) = (task, batch);
            _optimizer = optim.AdamW(task.Model.parameters(), LearningRate, weight_decay: Options.WeightDecay);
            task.Model.train();
        }

        public void Run()
        {
            using var scope = NewDisposeScope();
            _optimizer.zero_grad();
            var losses = _task.Loss(_batch.Images, _batch, Compute.Float32);
            losses.Select(l => l.Value).Aggregate((a, b) => a + b).backward();
            nn.utils.clip_grad_norm_(_task.Model.parameters(), float.MaxValue);
            _optimizer.step();
        }

        public void Dispose()
        {
            _optimizer.Dispose();
            _task.Dispose();
        }
    }
}

using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Tasks;
using static TorchSharp.torch;

namespace Marrow.Benchmarks;

/// <summary>
/// Forward passes without gradients, in evaluation mode: one image as a user's prediction goes, and batches. The last
/// alternative is how a checkpoint predicts on this machine.
/// </summary>
internal static class InferenceBenchmark
{
    private const int Batch = 8;

    public static IEnumerable<Comparison> Classifier(int rounds) =>
        Of("DenseNet-121, 224 x 224", Subjects.Classifier, Subjects.ChestInput, Batch, rounds)
            .Concat(Of("DenseNet-121, 224 x 224", Subjects.Classifier, Subjects.ChestInput, 1, rounds));

    public static IEnumerable<Comparison> Detector(int rounds) =>
        Of("RetinaNet-DenseNet-121, 192 x 576", Subjects.Detector, Subjects.SpineInput, 1, rounds);

    private static IEnumerable<Comparison> Of(
        string name,
        Func<TaskModel> create,
        InputContract input,
        int size,
        int rounds)
    {
        var repeats = Math.Max(1, 8 / size); // so that one run is long enough for the clock of processor time
        using var batch = Subjects.Batch(input, size);
        using var plain = create();
        using var channelsLast = create();
        using var bf16 = create();
        using var training = create();
        using var inference = create();
        new Compute(false, true).Arrange(channelsLast.Model);
        var choice = Compute.Choose();
        choice.Arrange(training.Model);
        choice.ArrangeForInference(inference.Model);
        yield return Comparison.Measure($"inference: {name}, batch {size}", size * repeats, rounds,
            new("f32", () => Run(plain, Compute.Float32)),
            new("f32 channels-last", () => Run(channelsLast, new(false, true))),
            new("bf16", () => Run(bf16, new(true, false))),
            new($"{choice}, weights as in training", () => Run(training, choice)),
            new($"Marrow's choice: {choice}", () => Run(inference, choice)));

        void Run(TaskModel task, Compute compute)
        {
            using var noGrad = no_grad();
            task.Model.eval();
            for (var i = 0; i < repeats; i++)
            {
                using var scope = NewDisposeScope();
                var images = compute.Arrange(batch.Images);
                compute.Forward<IDisposable>(() => task.Model switch
                {
                    RetinaNet detector => detector.forward(images),
                    var model => ((nn.Module<Tensor, Tensor>)model).forward(images),
                }).Dispose();
            }
        }
    }
}

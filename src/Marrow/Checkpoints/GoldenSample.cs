using System.Text.Json.Serialization;
using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Tasks;
using Marrow.Weights;
using TorchSharp;
using static TorchSharp.torch.nn;

namespace Marrow.Checkpoints;

/// <summary>
/// golden.json: an input, given by its seed and shape, and what the weights must give for it. Hashes prove that the
/// files are whole; this proves that the model built from them still computes the same, after a change of Marrow, of
/// libtorch or of the machine. It is computed on the processor, whatever device the weights were trained on: only there
/// are numbers of two machines alike enough to be compared. <see cref="GoldenFinding"/> goes on from outputs to what is
/// said of them.
/// </summary>
internal sealed record GoldenSample
{
    // 1024 x 1024 px: a DenseNet-121 takes about 1 GB for it. Bounds what a hostile file can make the check allocate.
    private const long MostValues = 1 << 20;
    private const long MostValuesOfOwn = 1 << 24; // of a module that its maker's program has built
    private const int MostImages = 16;
    private const int SmallestSide = 32; // a backbone's stride
    private const int LargestSide = 4096;

    // f32 convolutions of different libraries and instruction sets differ by about 1e-5 of the largest value.
    private const double DefaultTolerance = 1e-3;

    public required ulong Seed { get; init; }

    /// <summary>
    /// The shape of the input, [N, C, H, W]. Its values are uniform in -2 to 2, the range of a normalised radiograph.
    /// </summary>
    public required long[] InputShape { get; init; }

    /// <summary>
    /// The largest difference that is allowed, as a share of the largest recorded magnitude of the output.
    /// </summary>
    public double Tolerance { get; init; } = DefaultTolerance;

    public required IReadOnlyList<GoldenOutput> Outputs { get; init; }

    /// <summary>
    /// What the decoding must return; null in checkpoints of early versions, and when the outputs are the finding.
    /// </summary>
    [JsonInclude]
    internal GoldenFinding? Finding { get; init; }

    /// <summary>
    /// Runs the model in evaluation mode and records what it returns. Afterwards the model has its former mode.
    /// </summary>
    public static GoldenSample Record(Module model, long[] inputShape, ulong seed)
    {
        var outputs = Run(model, inputShape, seed);
        if (outputs.FirstOrDefault(o => o.Values.Any(v => !float.IsFinite(v))) is { } bad)
            throw new MarrowException(
                $"The model's output '{bad.Name}' has values that are not finite: these weights are not worth keeping."
            );
        return new() { Seed = seed, InputShape = inputShape, Outputs = outputs };
    }

    /// <summary>
    /// Runs the model again. Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when it returns
    /// anything else.
    /// </summary>
    public void Verify(Module model, string path)
    {
        GoldenOutput.RequireEqual(Outputs, Run(model, InputShape, Seed), Tolerance, path);
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, for an impossible input or tolerance.
    /// </summary>
    internal void Validate(string path, ModelSpec model)
    {
        RequirePossible(path, InputShape, model);
        foreach (var tolerance in (double[])[Tolerance, .. Finding is null ? [] : (double[])[Finding.Tolerance]])
        {
            if (!(tolerance is > 0 and < 1))
                throw GoldenOutput.Bad(path, "a tolerance between 0 and 1", GoldenOutput.Text(tolerance));
        }
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when no such input can be given to such a
    /// model.
    /// </summary>
    internal static void RequirePossible(string path, long[] shape, ModelSpec model)
    {
        var (channels, smallest, most) = model.BackbonePrefix is null
            ? (model.Channels, SmallestSide, MostValues)
            : (model.Channels, 1, MostValuesOfOwn);
        var possible = shape is [>= 1 and <= MostImages, _, <= LargestSide, <= LargestSide]
            && shape[2] >= smallest
            && shape[3] >= smallest
            && shape[1] == channels
            && shape.Aggregate(1L, (a, b) => a * b) <= most;
        if (!possible)
            throw MarrowException.Bad(
                path,
                $"an input shape [N, {channels}, H, W] of at most {MostImages} images, {LargestSide} px a side and "
                    + $"{most} values",
                ShapeText.Of(shape),
                "Name another shape for the golden sample.");
    }

    /// <summary>
    /// Creates the input [N, C, H, W], which has the same numbers on every machine. The caller disposes it.
    /// </summary>
    internal static torch.Tensor Input(long[] shape, ulong seed)
    {
        var random = new SeededRandom(seed);
        var values = new float[shape.Aggregate(1L, (a, b) => checked(a * b))];
        for (var i = 0; i < values.Length; i++)
            values[i] = (float)random.Uniform(-2, 2);
        return torch.tensor(values, shape, device: torch.CPU);
    }

    private static List<GoldenOutput> Run(Module model, long[] inputShape, ulong seed)
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        using var evaluation = EvaluationMode.Of(model);
        return [.. ModelOutputs.Of(model, Input(inputShape, seed)).Select(o => Keep(o.Name, o.Value))];
    }

    private static GoldenOutput Keep(string name, torch.Tensor output)
    {
        var flat = output.to(torch.ScalarType.Float32).Values<float>();
        return GoldenOutput.Of(name, output.shape, flat.Length, i => flat[i]);
    }
}

/// <summary>
/// Puts a model and all its parts into evaluation mode. Disposing it restores the former mode of each part.
/// </summary>
internal sealed class EvaluationMode : IDisposable
{
    private readonly List<(Module Module, bool Training)> _before;

    private EvaluationMode(List<(Module Module, bool Training)> before) => _before = before;

    public static EvaluationMode Of(Module model)
    {
        var mode = new EvaluationMode([
            (model, model.training),
            .. model.named_modules().Select(m => (m.module, m.module.training)),
        ]);
        model.eval();
        return mode;
    }

    // train() reaches all parts below: parents come first in the list, so that each part's own word is the last.
    public void Dispose() => _before.ForEach(b => b.Module.train(b.Training));
}

// ONNX Runtime on the file that was written, against Marrow on the same images, in float32 both: a batch of one, then
// batches of three. Without this nobody would know that the graph computes what the model does.

using System.Globalization;
using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Onnx;
using Marrow.Tasks;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;

namespace Marrow.Exchange.Onnx;

internal static class OnnxRun
{
    private const int LargerBatch = 3;

    /// <summary>Compares the outputs of <paramref name="file"/> with those of the model.</summary>
    public static OnnxComparison Compare(
        string file, OnnxGraph graph, CheckpointConfig config, torch.nn.Module model, ExportRequest request,
        CancellationToken cancellation)
    {
        var writer = OnnxModel.Writer(config);
        var (images, source) = CheckImages.Of(config, request.CheckImages);
        using var options = new SessionOptions { IntraOpNumThreads = torch.get_num_threads() };
        using var session = new InferenceSession(file, options);
        var names = graph.Outputs.Select(o => o.Name).ToList();
        var largest = names.ToDictionary(n => n, _ => 0.0);
        var absolute = names.ToDictionary(n => n, _ => 0.0);
        IReadOnlyList<IReadOnlyList<PackedImage>> batches = [[images[0]], .. images.Skip(1).Chunk(LargerBatch)];
        foreach (var batch in batches)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            using var noGradients = torch.no_grad();
            var input = Preprocessor.ToTensor(batch, config.Input);
            var expected = writer.Expected(model, input, config, request.Decode);
            using var fed = OrtValue.CreateTensorValueFromMemory(input.Values<float>(), input.shape);
            using var run = new RunOptions();
            using var results = session.Run(run, [OnnxModel.InputName], [fed], names);
            var floats = graph.Outputs.Index().Where(o => o.Item.Type == OnnxType.Float32)
                .ToDictionary(o => o.Item.Name, o => Floats(results[o.Index]));
            for (var i = 0; i < names.Count; i++)
            {
                var (magnitude, difference) = floats.TryGetValue(names[i], out var given)
                    ? OfNumbers(expected[names[i]], given, names[i])
                    : OfSets(writer.ExpectedRows(floats, batch.Count, config), results[i]);
                largest[names[i]] = Math.Max(largest[names[i]], magnitude);
                absolute[names[i]] = Math.Max(absolute[names[i]], difference);
            }
        }
        return new($"ONNX Runtime {OrtEnv.Instance().GetVersionString()}", source,
            [.. batches.Select(b => b.Count).Distinct()], request.Tolerance,
            [
                .. names.Select(n => new OutputDifference(
                    n,
                    largest[n],
                    absolute[n],
                    absolute[n] / Math.Max(largest[n], float.Epsilon))),
            ]);
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when an output differs by more than is
    /// allowed.
    /// </summary>
    public static void Require(string path, OnnxComparison comparison)
    {
        var off = comparison.Outputs.Where(o => !(o.Relative <= comparison.Tolerance)).ToList(); // NaN is off too
        if (off.Count > 0)
            throw MarrowException.Bad(
                path,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{comparison.Runtime} within {comparison.Tolerance:G3} of each output's largest magnitude"),
                string.Join(
                    "; ",
                    off.Select(o =>
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{o.Name} {o.Relative:G3} off ({o.Absolute:G3} of {o.Largest:G3})"))),
                "Nothing was written. Allow more with --tolerance if that is good enough.");
    }

    private static (double Largest, double Difference) OfNumbers(float[] mine, float[] theirs, string name)
    {
        if (mine.Length != theirs.Length)
            throw new MarrowException($"{name}: Marrow gives {mine.Length} numbers, ONNX Runtime {theirs.Length}.");
        var (largest, difference) = (0.0, 0.0);
        for (var k = 0; k < mine.Length; k++)
        {
            largest = Math.Max(largest, Math.Abs(mine[k]));
            difference = Math.Max(difference, Math.Abs((double)mine[k] - theirs[k])); // NaN, once met, stays
        }
        return (largest, difference);
    }

    private static (double Largest, double Difference) OfSets(HashSet<(long, long, long)> mine, OrtValue output)
    {
        var theirs = output.GetTensorDataAsSpan<long>().ToArray().Chunk(3).Select(s => (s[0], s[1], s[2])).ToHashSet();
        theirs.SymmetricExceptWith(mine);
        return (mine.Count, theirs.Count);
    }

    private static float[] Floats(OrtValue output) => output.GetTensorDataAsSpan<float>().ToArray();
}

using System.Text;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Weights;
using Marrow.Weights.Onnx;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>
/// Reads the weights of an exported file under the model's own keys. Safetensors and PyTorch files have them as they
/// are. An ONNX file has initialisers of the same names beside constants of the graph, some of them in the shape in
/// which a node needs them, and has no use for the norms' counters: these stand in its metadata.
/// </summary>
internal static class ExportedWeights
{
    /// <summary>The key of the metadata that holds the counters of an ONNX file, as JSON.</summary>
    public const string Counters = "counters";

    private const string Remedy =
        "The file's notes are damaged: export it again, or name a map (--map) to import it as another program's.";

    /// <summary>
    /// Returns the tensors, which belong to the caller's dispose scope; null when the file lacks one of the model's.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, torch.Tensor>>? Read(WeightFile file, CheckpointConfig config) =>
        file is OnnxWeights
            ? config.IsOwnModule ? null : FromOnnx(file, config.Model)
            : [.. file.Entries.Select(e => KeyValuePair.Create(e.Name, file.Read(e.Name)))];

    /// <summary>
    /// Returns the values of the model's counters, which are its only tensors of whole numbers, for an ONNX file's
    /// metadata.
    /// </summary>
    public static string CountersOf(IEnumerable<KeyValuePair<string, torch.Tensor>> weights) =>
        ExportMetadata.Json(weights.Where(w => IsCounter(w.Value)).ToDictionary(
            w => w.Key, w => w.Value.Value<long>(), StringComparer.Ordinal));

    private static List<KeyValuePair<string, torch.Tensor>>? FromOnnx(WeightFile file, ModelSpec spec)
    {
        Checkpoint.RequireSize(file, spec); // before a model of that size is built
        var counters = file.Notes.TryGetValue(Counters, out var json)
            ? MarrowJson.Decode<Dictionary<string, long>>(
                Encoding.UTF8.GetBytes(json), file.Path, "the counters of an exported checkpoint", Remedy)
            : [];
        var entries = file.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
        var weights = new List<KeyValuePair<string, torch.Tensor>>();
        using var model = TorchGenerator.Kept(() => ModelCatalogue.Create(spec));
        foreach (var (key, tensor) in model.state_dict())
        {
            if (entries.TryGetValue(key, out var entry) && entry.Elements == tensor.NumberOfElements)
                weights.Add(new(key, file.Read(key).reshape(tensor.shape)));
            else if (IsCounter(tensor) && counters.TryGetValue(key, out var count))
                weights.Add(new(key, torch.tensor(count, torch.ScalarType.Int64, torch.CPU)));
            else
                return null;
        }
        return weights;
    }

    private static bool IsCounter(torch.Tensor tensor) =>
        tensor.dtype == torch.ScalarType.Int64 && tensor.Dimensions == 0;
}

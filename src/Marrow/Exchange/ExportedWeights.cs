using System.Text;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Onnx;
using Marrow.Tasks;
using Marrow.Weights;
using Marrow.Weights.Onnx;
using TorchSharp;

namespace Marrow.Exchange;

/// <summary>
/// Reads the weights of an exported file under the model's own keys. Safetensors and PyTorch files have them as they
/// are. An ONNX file has initialisers of the same names beside constants of the graph, some of them in the shape in
/// which a node needs them. What its graph has no use for, such as the norms' counters, stands in its metadata.
/// </summary>
internal static class ExportedWeights
{
    /// <summary>The key of the metadata that holds, as JSON, the tensors that an ONNX file's graph lacks.</summary>
    public const string Unused = "unused";

    /// <summary>
    /// Returns the tensors, which belong to the caller's dispose scope; null when the file lacks one of the model's.
    /// </summary>
    public static IReadOnlyList<KeyValuePair<string, torch.Tensor>>? Read(WeightFile file, CheckpointConfig config) =>
        file is OnnxWeights
            ? config.IsOwnModule ? null : FromOnnx(file, config.Model)
            : [.. file.Entries.Select(e => KeyValuePair.Create(e.Name, file.Read(e.Name)))];

    /// <summary>
    /// Returns the weights that a graph lacks, for its file's metadata: by key their numbers as they lie in memory,
    /// which JSON has in base64.
    /// </summary>
    public static string Beside(OnnxGraph graph, IEnumerable<KeyValuePair<string, torch.Tensor>> weights) =>
        ExportMetadata.Json(weights.Where(w => !graph.HasConstant(w.Key)).ToDictionary(
            w => w.Key, w => Bytes(w.Value), StringComparer.Ordinal));

    private static List<KeyValuePair<string, torch.Tensor>>? FromOnnx(WeightFile file, ModelSpec spec)
    {
        Checkpoint.RequireSize(file, spec); // before a model of that size is built
        var unused = file.Notes.TryGetValue(Unused, out var json)
            ? MarrowJson.Decode<Dictionary<string, byte[]>>(
                Encoding.UTF8.GetBytes(json), file.Path, "the unused weights of an export", ExportedFile.Remedy)
            : [];
        var entries = file.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
        var weights = new List<KeyValuePair<string, torch.Tensor>>();
        using var model = TorchGenerator.Kept(() => ModelCatalogue.Create(spec));
        foreach (var (key, tensor) in model.state_dict())
        {
            if (entries.TryGetValue(key, out var entry) && entry.Elements == tensor.NumberOfElements)
                weights.Add(new(key, file.Read(key).reshape(tensor.shape)));
            else if (unused.TryGetValue(key, out var bytes)
                && bytes.Length == tensor.NumberOfElements * tensor.ElementSize)
                weights.Add(new(key, OfBytes(bytes, tensor.shape, tensor.dtype)));
            else
                return null;
        }
        return weights;
    }

    private static byte[] Bytes(torch.Tensor tensor)
    {
        using var scope = torch.NewDisposeScope();
        return tensor.detach().cpu().contiguous().bytes.ToArray();
    }

    private static torch.Tensor OfBytes(byte[] bytes, long[] shape, torch.ScalarType type)
    {
        var tensor = torch.empty(shape, dtype: type, device: torch.CPU);
        bytes.CopyTo(tensor.bytes);
        return tensor;
    }
}

// A file by which somebody says what the tensors of a file are, where their names do not: ONNX files have initialisers
// such as "resnetv15_conv0_weight" or "onnx::MatMul_193", which only their maker can tell. It is JSON:
//
//     {"keys": {"stem_kernel": {"key": "conv1.weight", "axes": [3, 2, 0, 1]},
//               "dense_kernel": {"key": "fc.weight", "transpose": true}, "dense_bias": "fc.bias"},
//      "drop": ["step"]}

using System.Text.Json;
using Marrow.Weights;

namespace Marrow.Exchange;

/// <summary>Reads a map of keys: on the left those of a file, on the right those of torchvision or of Marrow.</summary>
internal static class KeyMapFile
{
    private const int MostBytes = 8 << 20; // a thousand keys take 0.1 MB
    private const int MostAxes = 8;
    private const string Remedy = "docs/how-to-import.md shows such a map.";

    /// <summary>Returns the weights of a file under the keys of a map; both are closed as one.</summary>
    public static WeightFile Apply(WeightFile file, string mapPath)
    {
        try
        {
            return RenamedWeights.Of(file, Read(mapPath), mapPath);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static Dictionary<string, RenamedKey> Read(string path)
    {
        var map = new Dictionary<string, RenamedKey>(StringComparer.Ordinal);
        try
        {
            var bytes = InputFile.ReadAllBytes(path, MostBytes);
            using var json = JsonDocument.Parse(
                bytes.AsMemory(TextKinds.MarkBytes(bytes)),
                new() { AllowDuplicateProperties = false, AllowTrailingCommas = true, MaxDepth = 8 });
            foreach (var property in Object(json.RootElement, path).EnumerateObject())
            {
                if (property.NameEquals("keys"))
                {
                    foreach (var key in Object(property.Value, path).EnumerateObject())
                        Add(key.Name, Target(key, path));
                }
                else if (property.NameEquals("drop") && property.Value.ValueKind == JsonValueKind.Array)
                {
                    foreach (var key in property.Value.EnumerateArray())
                        Add(Text(key, path), new(null));
                }
                else
                    throw Bad(path, "\"keys\" and \"drop\", a list", $"\"{property.Name}\"");
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw MarrowException.Bad(path, "a map of keys in JSON", e.Message, Remedy, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read as a map of keys ({e.Message}). {Remedy}", e);
        }
        return map.Count > 0 ? map : throw Bad(path, "keys of the file of weights", "none");

        void Add(string key, RenamedKey target)
        {
            if (!map.TryAdd(key, target))
                throw Bad(path, "each key once", $"'{VisibleText.Of(key)}' twice");
        }
    }

    private static RenamedKey Target(JsonProperty source, string path)
    {
        if (source.Value.ValueKind == JsonValueKind.String)
            return new(Text(source.Value, path));
        string? key = null;
        IReadOnlyList<int>? axes = null;
        foreach (var property in Object(source.Value, path).EnumerateObject())
        {
            if (property.NameEquals("key"))
                key = Text(property.Value, path);
            else if (axes is null && property.NameEquals("transpose") && property.Value.ValueKind == JsonValueKind.True)
                axes = RenamedKey.Transpose;
            else if (axes is null && property.NameEquals("axes") && property.Value.ValueKind == JsonValueKind.Array
                && property.Value.GetArrayLength() <= MostAxes)
                axes = [.. property.Value.EnumerateArray().Select(axis => Axis(axis, path))];
            else
                throw Bad(
                    path,
                    $"\"key\", and \"transpose\": true or \"axes\": [...], for '{source.Name}'",
                    $"\"{property.Name}\": {VisibleText.Elide(property.Value.GetRawText(), 100)}");
        }
        return new(key ?? throw Bad(path, $"the \"key\" that '{source.Name}' gets", "none"), axes);
    }

    private static JsonElement Object(JsonElement value, string path) => value.ValueKind == JsonValueKind.Object
        ? value
        : throw Bad(path, "an object {...}", $"{value.ValueKind}");

    private static string Text(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text
            ? text
            : throw Bad(path, "a key as text", $"{value.ValueKind}");

    private static int Axis(JsonElement value, string path) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var axis) && axis is >= 0 and < MostAxes
            ? axis
            : throw Bad(path, $"axes as whole numbers from 0 to {MostAxes - 1}", $"{value.ValueKind}");

    private static MarrowException Bad(string path, string expected, string found) =>
        MarrowException.Bad(path, expected, found, Remedy);
}

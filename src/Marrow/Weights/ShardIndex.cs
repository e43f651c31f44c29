// Large models are saved as several files and an index, "model.safetensors.index.json": {"metadata": {...},
// "weight_map": {"layer1.0.conv1.weight": "model-00001-of-00002.safetensors", ...}} (huggingface/transformers,
// modeling_utils.py). The index comes from whoever wrote it: it may only name files of its own folder.

using System.Text.Json;

namespace Marrow.Weights;

/// <summary>Reads the index of weights that lie in several files.</summary>
internal static class ShardIndex
{
    private const int MostBytes = 64 << 20; // a thousand tensors take 0.1 MB
    private const int MostTensors = 1 << 20, MostShards = 1024; // each of which is kept open
    private const int LongestName = 255; // of a file, as most file systems allow
    private const string Map = "weight_map";
    private const string Remedy = "The index is damaged or of another model: fetch or save it again.";

    /// <summary>The endings of the names that indexes have.</summary>
    public const string Ending = ".index.json";

    /// <summary>
    /// Returns the path of the index in a folder; null when it has none. Throws <see cref="MarrowException"/> when it
    /// has several.
    /// </summary>
    public static string? In(string folder)
    {
        string[] usual = ["model.safetensors" + Ending, "pytorch_model.bin" + Ending];
        if (usual.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } known)
            return known;
        List<string> found;
        try
        {
            found = [.. Directory.EnumerateFiles(folder, "*" + Ending).Take(2).Order(StringComparer.Ordinal)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{folder}: can't be read ({e.Message}). Check its permissions.", e);
        }
        return found.Count < 2
            ? found.FirstOrDefault()
            : throw MarrowException.Bad(
                folder,
                "a folder with one index of weights",
                $"{string.Join(" and ", found.Select(Path.GetFileName))}",
                "Name the index itself.");
    }

    /// <summary>
    /// Reads an index: the name of the file of each tensor, in the order of the index. Returns null for what is no
    /// index and is not called one. Throws <see cref="MarrowException"/> when the index breaks a rule.
    /// </summary>
    /// <param name="start">The first bytes of the file.</param>
    public static IReadOnlyList<KeyValuePair<string, string>>? Read(string path, ReadOnlySpan<byte> start)
    {
        var text = start[TextKinds.MarkBytes(start)..].TrimStart(" \t\r\n"u8);
        if (!text.StartsWith("{"u8))
            return null;
        var isCalledOne = path.EndsWith(Ending, StringComparison.OrdinalIgnoreCase) && TextKinds.Reason(text) is null;
        try
        {
            var length = new FileInfo(path).Length;
            if (length > MostBytes)
                return None($"an index of at most {MostBytes} bytes", $"{length}");
            var bytes = InputFile.ReadAllBytes(path, MostBytes).AsSpan();
            return Walk(bytes[TextKinds.MarkBytes(bytes)..], path)
                ?? None($"the files of its tensors under '{Map}'", "none");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped lone surrogate in a string, or a value of another kind.
            return None("an index in JSON", "text that is none, or that ends early");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check the path and its permissions.", e);
        }

        List<KeyValuePair<string, string>>? None(string expected, string found) =>
            isCalledOne ? throw Bad(path, expected, found) : null;
    }

    private static List<KeyValuePair<string, string>>? Walk(ReadOnlySpan<byte> utf8, string path)
    {
        List<KeyValuePair<string, string>>? map = null;
        var json = new Utf8JsonReader(utf8);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var isMap = json.ValueTextEquals(Map);
            json.Read();
            if (!isMap)
                json.Skip();
            else if (map is not null || json.TokenType != JsonTokenType.StartObject)
                throw Bad(path, $"one '{Map}' of names of tensors and files", "another value, or two");
            else
                map = Tensors(ref json, path);
        }
        return map;
    }

    private static List<KeyValuePair<string, string>> Tensors(ref Utf8JsonReader json, string path)
    {
        var map = new List<KeyValuePair<string, string>>();
        var (names, shards) = (
            new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            if (!names.Add(name) || names.Count > MostTensors)
                throw Bad(path, $"at most {MostTensors} tensors, each once", $"'{Shown(name)}' once more, or too many");
            json.Read();
            var shard = json.TokenType == JsonTokenType.String
                ? json.GetString()!
                : throw Bad(path, $"the name of a file for '{Shown(name)}'", "another value");
            if (!shards.TryGetValue(shard, out var known))
            {
                if (!IsPlain(shard))
                    throw MarrowException.Damaged(
                        path,
                        "names of files in its own folder",
                        $"'{Shown(shard)}' for '{Shown(name)}'",
                        "No file outside the folder is read. Put the files of the weights beside the index, and "
                            + "correct it.");
                if (shards.Count == MostShards)
                    throw Bad(path, $"weights in at most {MostShards} files", "more");
                shards[shard] = known = shard; // one text for all tensors of a file
            }
            map.Add(new(name, known));
        }
        return map.Count > 0 ? map : throw Bad(path, $"tensors in its '{Map}'", "none");
    }

    /// <summary>Returns true for the name of a file without any folder, on every system.</summary>
    internal static bool IsPlain(string name) =>
        name.Length is > 0 and <= LongestName
        && name is not ("." or "..")
        && !name.Any(c => char.IsControl(c) || c is '/' or '\\' or ':');

    private static string Shown(string text) => PyTorch.PickleReader.Shown(text);

    private static MarrowException Bad(string path, string expected, string found) =>
        MarrowException.Damaged(path, expected, found, Remedy);
}

using System.Numerics;
using System.Text.Json;
using System.Text.Unicode;
using Marrow.Weights;

namespace Marrow.Soak;

/// <summary>
/// The rules of a safetensors header once more, in the plainest way: the whole JSON as a document, numbers of any size,
/// a list of ends. Slow and generous with memory, which the reader must not be.
/// </summary>
internal static class SafetensorsOracle
{
    private const int MostDimensions = 32;

    private static readonly Dictionary<string, (string Type, int Bytes)> Types = new()
    {
        ["F64"] = ("Float64", 8),
        ["F32"] = ("Float32", 4),
        ["F16"] = ("Float16", 2),
        ["BF16"] = ("BFloat16", 2),
        ["I64"] = ("Int64", 8),
        ["I32"] = ("Int32", 4),
        ["I16"] = ("Int16", 2),
        ["I8"] = ("Int8", 1),
        ["U8"] = ("Byte", 1),
        ["BOOL"] = ("Bool", 1),
    };

    private sealed record Entry(string Name, string Type, List<BigInteger> Shape, BigInteger Begin, BigInteger End);

    /// <summary>Null when every rule is kept, otherwise which is not.</summary>
    public static string? Judge(byte[] header, long dataBytes) => Read(header, dataBytes, [], []);

    /// <summary>The same, and that the reader found exactly what is there.</summary>
    public static string? Judge(
        byte[] header,
        long dataBytes,
        IReadOnlyList<SafetensorsEntry> found,
        IReadOnlyDictionary<string, string> metadata)
    {
        var (entries, strings) = (new List<Entry>(), new Dictionary<string, string>());
        if (Read(header, dataBytes, entries, strings) is { } broken)
            return broken;
        if (entries.Count != found.Count)
            return $"it has {entries.Count} tensors, not {found.Count}";
        foreach (var (entry, other) in entries.Zip(found))
        {
            if (
                entry.Name != other.Name
                || entry.Type != other.Type.ToString()
                || entry.Begin != other.Offset
                || entry.End - entry.Begin != other.Bytes
                || !entry.Shape.SequenceEqual(other.Shape.Select(s => (BigInteger)s)))
                return $"'{entry.Name}' was read as {other}";
        }
        return
            strings.Count == metadata.Count
            && strings.All(s => metadata.TryGetValue(s.Key, out var value) && value == s.Value)
            ? null
            : "its metadata differ";
    }

    private static string? Read(byte[] header, long dataBytes, List<Entry> entries, Dictionary<string, string> metadata)
    {
        if (header.Length == 0 || header[0] != '{' || !Utf8.IsValid(header))
            return "it is no object in UTF-8";
        try
        {
            using var document = JsonDocument.Parse(header);
            var names = new HashSet<string>();
            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (!names.Add(property.Name))
                    return "a name is there twice";
                if (property.Value.ValueKind != JsonValueKind.Object)
                    return "an entry is no object";
                if (
                    (
                        property.Name == "__metadata__"
                            ? ReadMetadata(property.Value, metadata)
                            : ReadEntry(property, entries)
                    ) is
                    { } broken)
                    return broken;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return e.Message; // no JSON, or half a surrogate pair
        }
        return Cover(entries, dataBytes);
    }

    private static string? ReadMetadata(JsonElement value, Dictionary<string, string> metadata)
    {
        foreach (var property in value.EnumerateObject())
        {
            if (
                property.Value.ValueKind != JsonValueKind.String
                || !metadata.TryAdd(property.Name, property.Value.GetString()!))
                return "metadata are no strings, or there twice";
        }
        return null;
    }

    private static string? ReadEntry(JsonProperty property, List<Entry> entries)
    {
        var fields = property.Value.EnumerateObject().ToList();
        if (!fields.Select(f => f.Name).Order(StringComparer.Ordinal).SequenceEqual(["data_offsets", "dtype", "shape"]))
            return "an entry has other fields";
        var (dtype, shape, offsets) = (Field("dtype"), Field("shape"), Field("data_offsets"));
        if (dtype.ValueKind != JsonValueKind.String || !Types.TryGetValue(dtype.GetString()!, out var type))
            return "a type is unknown";
        if (Whole(shape) is not { Count: <= MostDimensions } sizes || Whole(offsets) is not [var begin, var end])
            return "a shape or offsets are no lists of whole numbers";
        // A reader multiplies as it goes: sizes that overflow are refused though a zero follows.
        if (sizes.Aggregate((BigInteger)type.Bytes, (a, b) => a * BigInteger.Max(b, 1)) > long.MaxValue)
            return "a shape is too large";
        if (end - begin != sizes.Aggregate((BigInteger)type.Bytes, (a, b) => a * b))
            return "bytes are not shape times type";
        entries.Add(new(property.Name, type.Type, sizes, begin, end));
        return null;

        JsonElement Field(string name) => fields.Single(f => f.Name == name).Value;
    }

    /// <summary>Null for anything but whole numbers from 0 to 2^63 - 1, written without point or exponent.</summary>
    private static List<BigInteger>? Whole(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array)
            return null;
        var numbers = new List<BigInteger>();
        foreach (var element in list.EnumerateArray())
        {
            if (element.ValueKind != JsonValueKind.Number)
                return null;
            var text = element.GetRawText();
            if (text != "-0" && !text.All(char.IsAsciiDigit))
                return null;
            var number = BigInteger.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            if (number > long.MaxValue)
                return null;
            numbers.Add(number);
        }
        return numbers;
    }

    /// <summary>From 0 to the last byte, each byte by one tensor.</summary>
    private static string? Cover(List<Entry> entries, long dataBytes)
    {
        BigInteger covered = 0;
        foreach (var entry in entries.OrderBy(e => e.Begin).ThenBy(e => e.End))
        {
            if (entry.Begin != covered)
                return "tensors leave a hole or overlap";
            covered = entry.End;
        }
        return covered == dataBytes ? null : "tensors do not cover the data";
    }
}

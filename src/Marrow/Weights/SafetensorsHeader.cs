using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using TorchSharp;

namespace Marrow.Weights;

/// <summary>Name, type, shape and place of one tensor in a safetensors file.</summary>
/// <param name="Offset">
/// The position of its first byte, from the start of the data, which is the end of the header.
/// </param>
internal sealed record SafetensorsEntry(string Name, torch.ScalarType Type, long[] Shape, long Offset, long Bytes)
    : WeightEntry(Name, Type, Shape);

/// <summary>
/// The JSON header of a safetensors file (github.com/huggingface/safetensors, "Format"): name -> dtype, shape and
/// data_offsets, and "__metadata__" of strings. Nothing in it is trusted: the tensors must cover the data exactly,
/// without holes, overlaps or rest, and every product and sum is checked. The JSON is walked, not loaded, so that a
/// header costs no more memory than its own size and its entries.
/// </summary>
internal static class SafetensorsHeader
{
    public const int MaxBytes = 100_000_000; // the reference implementation's MAX_HEADER_SIZE
    private const int MaxDimensions = 32; // far over any model's, far under what makes shapes costly
    private const int Alignment = 8; // of the data's start, as the reference implementation pads
    private const string MetadataKey = "__metadata__";
    private const string Remedy = "The file is damaged or no safetensors file: fetch or save it again.";

    private static readonly (string Name, torch.ScalarType Type, int Size)[] Types =
    [
        ("F32", torch.ScalarType.Float32, 4), ("BF16", torch.ScalarType.BFloat16, 2),
        ("F16", torch.ScalarType.Float16, 2), ("F64", torch.ScalarType.Float64, 8),
        ("I64", torch.ScalarType.Int64, 8), ("I32", torch.ScalarType.Int32, 4),
        ("I16", torch.ScalarType.Int16, 2), ("I8", torch.ScalarType.Int8, 1),
        ("U8", torch.ScalarType.Byte, 1), ("BOOL", torch.ScalarType.Bool, 1),
    ];

    /// <summary>
    /// Types that the format has and that are not read, with what they are (safetensors/src/tensor.rs, Dtype).
    /// </summary>
    private static readonly (string Name, string What)[] UnreadTypes =
    [
        ("F8_E4M3", "floating-point numbers of 8 bits"), ("F8_E5M2", "floating-point numbers of 8 bits"),
        ("F8_E8M0", "exponents of 8 bits"), ("F6_E2M3", "floating-point numbers of 6 bits"),
        ("F6_E3M2", "floating-point numbers of 6 bits"), ("F4", "floating-point numbers of 4 bits"),
        ("U16", "unsigned numbers of 16 bits"), ("U32", "unsigned numbers of 32 bits"),
        ("U64", "unsigned numbers of 64 bits"), ("C64", "complex numbers"),
    ];

    public static bool Supports(torch.ScalarType type) => Array.Exists(Types, t => t.Type == type);

    public static int SizeOf(torch.ScalarType type) => Array.Find(Types, t => t.Type == type).Size;

    /// <summary>Returns the bytes of the header, padded with spaces. Entries are in the given order.</summary>
    public static byte[] Encode(IReadOnlyList<SafetensorsEntry> entries, IReadOnlyDictionary<string, string> metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer, new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteStartObject(MetadataKey);
            foreach (var (key, value) in metadata)
                json.WriteString(key, value);
            json.WriteEndObject();
            foreach (var entry in entries)
            {
                json.WriteStartObject(entry.Name);
                json.WriteString("dtype", Array.Find(Types, t => t.Type == entry.Type).Name);
                json.WriteStartArray("shape");
                foreach (var size in entry.Shape)
                    json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(entry.Offset);
                json.WriteNumberValue(entry.Offset + entry.Bytes);
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        var padded = new byte[(buffer.WrittenCount + Alignment - 1) / Alignment * Alignment];
        buffer.WrittenSpan.CopyTo(padded);
        padded.AsSpan(buffer.WrittenCount).Fill((byte)' ');
        return padded;
    }

    /// <summary>
    /// Returns the entries in the header's order. Throws <see cref="MarrowException"/> at the first broken rule.
    /// </summary>
    public static (List<SafetensorsEntry> Entries, Dictionary<string, string> Metadata) Decode(
        ReadOnlySpan<byte> header, long dataBytes, string path)
    {
        if (header.IsEmpty || header[0] != (byte)'{')
            throw Bad(
                path,
                "a header that starts with '{'",
                header.IsEmpty ? "an empty one" : $"byte 0x{header[0]:X2}");
        if (!Utf8.IsValid(header))
            throw Bad(path, "a header in UTF-8", "bytes that are not");
        try
        {
            var parsed = Walk(header, path);
            CheckCover(parsed.Entries, dataBytes, path);
            return parsed;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: an escaped lone surrogate in a string, or a value of another kind.
            throw Bad(path, "a header of valid JSON", e.Message, e);
        }
    }

    private static (List<SafetensorsEntry> Entries, Dictionary<string, string> Metadata) Walk(
        ReadOnlySpan<byte> header,
        string path)
    {
        var entries = new List<SafetensorsEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        var json = new Utf8JsonReader(header);
        Next(ref json, path); // the brace it starts with
        while (Next(ref json, path) == JsonTokenType.PropertyName)
        {
            var name = json.GetString()!;
            if (!names.Add(name))
                throw Bad(path, "each name once", $"'{Shorten(name)}' twice");
            Expect(ref json, JsonTokenType.StartObject, path, "entry", name);
            if (name == MetadataKey)
                ReadMetadata(ref json, metadata, path);
            else
                entries.Add(ReadEntry(ref json, name, path));
        }
        while (json.Read())
        {
            // Only padding may follow; the reader throws at anything else.
        }
        return (entries, metadata);
    }

    private static void ReadMetadata(ref Utf8JsonReader json, Dictionary<string, string> metadata, string path)
    {
        while (Next(ref json, path) == JsonTokenType.PropertyName)
        {
            var key = json.GetString()!;
            Expect(ref json, JsonTokenType.String, path, "metadata", key);
            if (!metadata.TryAdd(key, json.GetString()!))
                throw Bad(path, "each metadata key once", $"'{Shorten(key)}' twice");
        }
    }

    private static SafetensorsEntry ReadEntry(ref Utf8JsonReader json, string name, string path)
    {
        string? dtype = null;
        List<long>? shape = null, offsets = null;
        while (Next(ref json, path) == JsonTokenType.PropertyName)
        {
            if (dtype is null && json.ValueTextEquals("dtype"u8))
            {
                Expect(ref json, JsonTokenType.String, path, "dtype of tensor", name);
                dtype = json.GetString()!;
            }
            else if (shape is null && json.ValueTextEquals("shape"u8))
                shape = ReadNumbers(ref json, path, MaxDimensions, "shape of tensor", name);
            else if (offsets is null && json.ValueTextEquals("data_offsets"u8))
                offsets = ReadNumbers(ref json, path, 2, "data_offsets of tensor", name);
            else
                throw Bad(
                    path,
                    $"tensor '{Shorten(name)}' to have dtype, shape and data_offsets once",
                    $"'{Shorten(json.GetString()!)}'");
        }
        if (dtype is null || shape is null || offsets is not [var begin, var end])
            throw Bad(path, $"tensor '{Shorten(name)}' to have dtype, shape and two data_offsets", "one missing");

        (string Name, torch.ScalarType Type, int Size) known = default;
        foreach (var type in Types)
        {
            if (type.Name == dtype)
                known = type;
        }
        if (Array.Find(UnreadTypes, t => t.Name == dtype) is { Name: not null } unread)
            throw MarrowException.Unsupported(
                path,
                $"tensor '{Shorten(name)}' of a known type ({string.Join(", ", Types.Select(t => t.Name))})",
                $"{unread.Name}, {unread.What}",
                "Convert it to float32 in Python, where you trust the file, and save the weights again; of quantised "
                    + "weights docs/how-to-import.md has the two lines.");
        if (known.Name is null)
            throw Bad(
                path,
                $"tensor '{Shorten(name)}' of a known type ({string.Join(", ", Types.Select(t => t.Name))})",
                $"'{Shorten(dtype)}'");
        if (begin > end)
            throw Bad(path, $"tensor '{Shorten(name)}' to begin before it ends", $"data_offsets [{begin}, {end}]");
        var bytes = CheckedBytes(shape, known.Size);
        if (bytes != end - begin)
            throw Bad(
                path,
                $"tensor '{Shorten(name)}' of {(bytes is { } b ? NumberText.Grouped(b) : "more than 2^63")} bytes, "
                    + $"from its shape [{string.Join(", ", shape)}] and type {dtype}",
                $"{NumberText.Grouped(end - begin)} between its data_offsets");
        return new(name, known.Type, [.. shape], begin, end - begin);
    }

    /// <summary>
    /// Returns the size in bytes; null when it overflows, even where a zero among the sizes would hide that.
    /// </summary>
    private static long? CheckedBytes(List<long> shape, int elementSize)
    {
        UInt128 product = (UInt128)elementSize;
        foreach (var size in shape)
        {
            product *= (UInt128)Math.Max(size, 1);
            if (product > long.MaxValue)
                return null;
        }
        return shape.Contains(0) ? 0 : (long)product;
    }

    private static List<long> ReadNumbers(ref Utf8JsonReader json, string path, int max, string what, string name)
    {
        Expect(ref json, JsonTokenType.StartArray, path, what, name);
        var numbers = new List<long>(4);
        while (Next(ref json, path) != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out var number) || number < 0)
                throw Bad(path, $"whole numbers from 0 to 2^63-1 as {what} '{Shorten(name)}'", Describe(ref json));
            if (numbers.Count == max)
                throw Bad(path, $"at most {max} numbers as {what} '{Shorten(name)}'", "more");
            numbers.Add(number);
        }
        return numbers;
    }

    private static void CheckCover(List<SafetensorsEntry> entries, long dataBytes, string path)
    {
        var covered = 0L;
        SafetensorsEntry? previous = null;
        foreach (var entry in entries.OrderBy(e => e.Offset).ThenBy(e => e.Bytes))
        {
            if (entry.Offset > covered)
                throw Bad(
                    path,
                    "tensors without holes between them",
                    $"{NumberText.Grouped(entry.Offset - covered)} bytes of no tensor before '{Shorten(entry.Name)}'");
            if (entry.Offset < covered)
                throw Bad(
                    path,
                    "tensors that do not overlap",
                    $"'{Shorten(previous!.Name)}' and '{Shorten(entry.Name)}' share bytes");
            if (entry.Bytes > dataBytes - covered)
                throw Bad(
                    path,
                    $"'{Shorten(entry.Name)}' to end within the {NumberText.Grouped(dataBytes)} bytes of data",
                    $"an end at {NumberText.Grouped(entry.Offset)} + {NumberText.Grouped(entry.Bytes)}");
            covered += entry.Bytes;
            previous = entry;
        }
        if (covered != dataBytes)
            throw Bad(
                path,
                $"{NumberText.Grouped(covered)} bytes of data, as the header says",
                $"{NumberText.Grouped(dataBytes)}");
    }

    private static JsonTokenType Next(ref Utf8JsonReader json, string path) =>
        json.Read() ? json.TokenType : throw Bad(path, "a complete header", "its end");

    /// <summary>The name is put into words only where that is an error: a header may have thousands.</summary>
    private static void Expect(ref Utf8JsonReader json, JsonTokenType type, string path, string what, string name)
    {
        if (Next(ref json, path) != type)
            throw Bad(path, $"{type} as {what} '{Shorten(name)}'", Describe(ref json));
    }

    private static string Describe(ref Utf8JsonReader json) =>
        json.TokenType == JsonTokenType.Number && json.ValueSpan.Length < 32
            ? System.Text.Encoding.ASCII.GetString(json.ValueSpan)
            : json.TokenType.ToString();

    private static string Shorten(string name) => name.Length <= 80 ? name : name[..80] + "...";

    private static MarrowException Bad(string path, string expected, string found, Exception? inner = null) =>
        MarrowException.Damaged(path, expected, found, Remedy, inner);
}

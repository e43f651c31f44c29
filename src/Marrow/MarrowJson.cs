using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Marrow;

/// <summary>The one way Marrow writes and reads JSON: camelCase, indented, enums by name, NaN as "NaN".</summary>
public static class MarrowJson
{
    public static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <summary>The same on one line, for logs.</summary>
    internal static readonly JsonSerializerOptions Line = new(Options) { WriteIndented = false };

    private const int MaxBytes = 64 << 20; // a receipt of a thousand tensors has 0.3 MB

    /// <summary>For what is read from files: no value left out where one must be, no key twice.</summary>
    internal static readonly JsonSerializerOptions Strict = new(Options)
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        AllowDuplicateProperties = false,
    };

    /// <summary>
    /// Throws <see cref="MarrowException"/>, naming <paramref name="path"/>, when the bytes are not the JSON of
    /// <paramref name="what"/>.
    /// </summary>
    internal static T Decode<T>(ReadOnlySpan<byte> utf8, string path, string what, string remedy)
    {
        try
        {
            RefuseNulls(utf8);
            return JsonSerializer.Deserialize<T>(utf8, Strict)!;
        }
        catch (Exception e) when (IsOfJson(e))
        {
            throw Bad(path, what, remedy, e);
        }
    }

    /// <summary>The same of a part of a document that was read, whose kind is known by another part.</summary>
    internal static object Decode(JsonElement part, Type kind, JsonSerializerOptions options,
        string path, string what, string remedy)
    {
        try
        {
            return part.Deserialize(kind, options)!;
        }
        catch (Exception e) when (IsOfJson(e))
        {
            throw Bad(path, what, remedy, e);
        }
    }

    private static bool IsOfJson(Exception e) =>
        e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException;

    private static MarrowException Bad(string path, string what, string remedy, Exception e) =>
        MarrowException.Bad(path, $"the JSON of {what}", $"none ({e.Message})", remedy, e);

    /// <summary>None is ever written, and one within a list or a map would be met where nobody looks for it.</summary>
    private static void RefuseNulls(ReadOnlySpan<byte> utf8)
    {
        var json = new Utf8JsonReader(utf8);
        while (json.Read())
        {
            if (json.TokenType == JsonTokenType.Null)
                throw new JsonException($"null at byte {json.TokenStartIndex}");
        }
    }

    /// <summary>The same of a whole file of at most 64 MiB, which may be absent or unreadable too.</summary>
    internal static T Read<T>(string path, string what, string remedy)
    {
        byte[] bytes;
        try
        {
            bytes = InputFile.ReadAllBytes(path, MaxBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read as the JSON of {what} ({e.Message}). {remedy}", e);
        }
        // A byte order mark is what some editors put in front.
        return Decode<T>(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes, path, what, remedy);
    }
}

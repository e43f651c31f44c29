using System.Text.Json;

namespace Marrow.Checkpoints;

/// <summary>
/// The JSON files of a checkpoint: MarrowJson with "\n" line ends on every system (their bytes are hashed), and with
/// refusal of nulls and double keys when read.
/// </summary>
internal static class CheckpointJson
{
    public const int MaxBytes = 64 << 20; // a receipt of a thousand tensors has 0.3 MB

    private static readonly JsonSerializerOptions Options = new(MarrowJson.Options)
    {
        NewLine = "\n",
        RespectNullableAnnotations = true,
        AllowDuplicateProperties = false,
    };

    public static byte[] Encode<T>(T value) => [.. JsonSerializer.SerializeToUtf8Bytes(value, Options), (byte)'\n'];

    public static T Decode<T>(ReadOnlySpan<byte> bytes, string path)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(bytes, Options) ?? throw new JsonException("null at the top");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException or ArgumentException)
        {
            throw MarrowException.Bad(path, $"the JSON of a {typeof(T).Name}", e.Message, "The file is damaged or of another version: fetch or save the checkpoint again.", e);
        }
    }
}

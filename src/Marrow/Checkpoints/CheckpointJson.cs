using System.Text.Json;

namespace Marrow.Checkpoints;

/// <summary>
/// The JSON files of a checkpoint: MarrowJson with "\n" line ends on every system (their bytes are hashed).
/// </summary>
internal static class CheckpointJson
{
    public const int MaxBytes = 64 << 20; // a receipt of a thousand tensors has 0.3 MB

    private static readonly JsonSerializerOptions Options = new(MarrowJson.Options) { NewLine = "\n" };

    public static byte[] Encode<T>(T value) => [.. JsonSerializer.SerializeToUtf8Bytes(value, Options), (byte)'\n'];

    public static T Decode<T>(ReadOnlySpan<byte> bytes, string path) =>
        MarrowJson.Decode<T>(
            bytes,
            path,
            $"a {typeof(T).Name}",
            "The file is damaged or of another version: fetch or save the checkpoint again.");
}

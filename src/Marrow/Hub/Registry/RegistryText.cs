using System.Net;
using System.Text.Json;

namespace Marrow.Hub.Registry;

/// <summary>
/// What a registry says in answers that are only shown: error codes and messages (distribution specification, "Error
/// codes"), tags. It is foreign text for a terminal, so control characters are taken out and its length is bounded.
/// </summary>
internal static class RegistryText
{
    public const int MostTags = 50;
    private const int LongestText = 200, MostErrors = 3;

    /// <summary>Describes a registry's error, such as "404 NotFound (MANIFEST_UNKNOWN: manifest unknown)".</summary>
    public static string Describe(HttpStatusCode status, byte[]? body)
    {
        var errors = Read(body, root => root.GetProperty("errors").EnumerateArray().Take(MostErrors)
            .Select(e => $"{Text(e, "code")}: {Text(e, "message")}").ToList());
        return $"{(int)status} {status}{(errors is { Count: > 0 } ? $" ({Clean(string.Join("; ", errors))})" : "")}";
    }

    public static IReadOnlyList<string> Tags(byte[]? body) =>
        Read(body, root =>
            root.GetProperty("tags")
                .EnumerateArray()
                .Take(MostTags)
                .Select(tag => Clean(tag.GetString() ?? ""))
                .ToList()
        ) ?? [];

    /// <summary>Returns the header Docker-Content-Digest; null when it is absent.</summary>
    public static string? ContentDigest(HttpResponseMessage response) =>
        response.Headers.TryGetValues("Docker-Content-Digest", out var values) ? Clean(values.First()) : null;

    public static string Clean(string text)
    {
        var shown = string.Concat(
            text.Take(LongestText).Select(c => char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c));
        return text.Length > LongestText ? shown + "..." : shown;
    }

    private static string Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : "";

    private static T? Read<T>(byte[]? body, Func<JsonElement, T> read) where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(body ?? []);
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }
}

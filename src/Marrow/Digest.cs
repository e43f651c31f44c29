using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Marrow;

/// <summary>
/// A SHA-256, written as "sha256:" and 64 lower-case hexadecimal digits: the name of a checkpoint, a file or a blob by
/// its content. The value that is default is none, written as "". In JSON it is its text.
/// </summary>
[JsonConverter(typeof(Json))]
public readonly record struct Digest
{
    /// <summary>What the text begins with.</summary>
    internal const string Scheme = "sha256:";

    /// <summary>What stands between a name and its digest: "name@sha256:...".</summary>
    public const string Mark = "@" + Scheme;

    internal const int HexDigits = 64;

    /// <summary>How many digits are shown where a person is to know one again.</summary>
    internal const int ShortDigits = 12;

    private readonly string? _hex;

    private Digest(string hex) => _hex = hex;

    /// <summary>The 64 digits alone; "" for none.</summary>
    [JsonInclude] internal string Hex => _hex ?? "";

    /// <summary>The first 12 digits, as the program shows them; "" for none.</summary>
    [JsonInclude] internal string Short => Shorten(Hex);

    /// <summary>True for the value that is default: no digest is known.</summary>
    [JsonInclude] internal bool IsNone => _hex is null;

    /// <summary>The digest of these bytes.</summary>
    internal static Digest Of(ReadOnlySpan<byte> bytes) => new(Convert.ToHexStringLower(SHA256.HashData(bytes)));

    /// <summary>
    /// Throws <see cref="MarrowException"/> for what is not "sha256:" and 64 lower-case hexadecimal digits.
    /// </summary>
    internal static Digest Parse(string text) => TryParse(text, out var digest)
        ? digest
        : throw MarrowException.Bad(text, $"{Scheme} and {HexDigits} lower-case hexadecimal digits", "another form",
            "Give the whole digest, as marrow hub list --json prints it.");

    /// <summary>False, and none, for what is not "sha256:" and 64 lower-case hexadecimal digits.</summary>
    internal static bool TryParse([NotNullWhen(true)] string? text, out Digest digest)
    {
        var isOne =
            text is not null && text.StartsWith(Scheme, StringComparison.Ordinal) && IsHex(text.AsSpan(Scheme.Length));
        digest = isOne ? new(text![Scheme.Length..]) : default;
        return isOne;
    }

    /// <summary>
    /// The digest of 64 lower-case hexadecimal digits, which the caller has from a hash or has checked.
    /// </summary>
    internal static Digest OfHex(string hex) => IsHex(hex)
        ? new(hex)
        : throw new ArgumentException($"'{hex}' is no digest.", nameof(hex));

    /// <summary>Whether these are 64 lower-case hexadecimal digits.</summary>
    internal static bool IsHex(ReadOnlySpan<char> text)
    {
        if (text.Length != HexDigits)
            return false;
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c))
                return false;
        }
        return true;
    }

    /// <summary>The digits that are shown of a text from elsewhere, which may lack the scheme or be shorter.</summary>
    public static string Shorten(string text)
    {
        var hex = WithoutScheme(text);
        return hex.Length > ShortDigits ? hex[..ShortDigits] : hex;
    }

    /// <summary>"name@sha256:..." with the digits that are shown; another text as it is.</summary>
    internal static string ShortenReference(string reference)
    {
        var at = reference.IndexOf(Mark, StringComparison.Ordinal);
        return at < 0 ? reference : $"{reference[..at]}{Mark}{Shorten(reference[(at + 1)..])}";
    }

    /// <summary>The text behind "sha256:", or all of it where that is absent.</summary>
    internal static string WithoutScheme(string text) =>
        text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : text;

    /// <summary>"sha256:" and the 64 digits; "" for none.</summary>
    public override string ToString() => _hex is null ? "" : Scheme + _hex;

    /// <summary>The text, for what takes digests as texts.</summary>
    public static implicit operator string(Digest digest) => digest.ToString();

    /// <summary>A digest as its text; "" is none.</summary>
    internal sealed class Json : JsonConverter<Digest>
    {
        public override Digest Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var text = reader.GetString();
            return TryParse(text, out var digest) || text is null or "" ? digest
                : throw new JsonException(
                    $"'{text}' is no digest: expected {Scheme} and {HexDigits} hexadecimal digits.");
        }

        public override void Write(Utf8JsonWriter writer, Digest value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}

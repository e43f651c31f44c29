using System.Text;

namespace Marrow.Imaging;

/// <summary>
/// The mark by which what a prediction wrote is known from what a person put there: in pictures a text chunk right behind
/// the header ("Software", PNG specification, section 11.3.4.3), in JSON the first property, of the CSV a digest in the
/// JSON file beside it.
/// </summary>
internal static class ResultMark
{
    /// <summary>Of every result.</summary>
    public const string MadeBy = "marrow predict";

    private const uint TextChunk = 0x74455874; // tEXt
    private const int BehindHeader = 8 + 12 + 13; // the signature and IHDR
    private const int MostJsonStart = 256;

    private static ReadOnlySpan<byte> Text => "Software\0marrow predict"u8;

    /// <summary>The same PNG with the mark in it.</summary>
    public static byte[] Mark(ReadOnlySpan<byte> png)
    {
        using var marked = new MemoryStream(png.Length + 64);
        marked.Write(png[..BehindHeader]);
        PngChunk.Write(marked, TextChunk, Text);
        marked.Write(png[BehindHeader..]);
        return marked.ToArray();
    }

    /// <param name="start">The first bytes of a file, <see cref="ImageKinds.StartBytes"/> or all.</param>
    public static bool IsOnPicture(ReadOnlySpan<byte> start) =>
        start.StartsWith(PngChunk.Signature) && start.Length >= BehindHeader + 8 + Text.Length
        && start.Slice(BehindHeader + 4, 4).SequenceEqual("tEXt"u8) && start[(BehindHeader + 8)..].StartsWith(Text);

    /// <summary>Whether a JSON file begins with the property that results begin with.</summary>
    public static bool IsOnJson(string path)
    {
        var start = ImageListing.Start(path).AsSpan();
        var text = Encoding.UTF8.GetString(start.Length > MostJsonStart ? start[..MostJsonStart] : start);
        var compact = string.Concat(text.Where(c => !char.IsWhiteSpace(c)));
        return compact.StartsWith($"{{\"madeBy\":\"{MadeBy.Replace(" ", "", StringComparison.Ordinal)}\"", StringComparison.Ordinal);
    }
}

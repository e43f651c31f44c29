using System.Text;
using System.Text.Json;

namespace Marrow.Imaging;

/// <summary>
/// The mark by which what a command wrote is known from what a person put there: in pictures a text chunk right behind
/// the header ("Software", PNG specification, section 11.3.4.3), in JSON the first property, in pages the generator, of
/// a prediction's table a digest in the JSON file beside it.
/// </summary>
public static class ResultMark
{
    /// <summary>Of the results of a prediction.</summary>
    internal const string MadeBy = "marrow predict";

    /// <summary>A line of a page's head.</summary>
    internal const string Generator = "<meta name=\"generator\" content=\"Marrow\">";

    private const uint TextChunk = 0x74455874; // tEXt
    private const int BehindHeader = 8 + 12 + 13; // the signature and IHDR
    private const int MostStart = 1024; // bytes within which a mark stands

    private static ReadOnlySpan<byte> Text => "Software\0marrow "u8;

    /// <summary>The same PNG with the mark in it.</summary>
    /// <param name="by">The command, "marrow predict".</param>
    internal static byte[] Mark(ReadOnlySpan<byte> png, string by = MadeBy)
    {
        using var marked = new MemoryStream(png.Length + 64);
        marked.Write(png[..BehindHeader]);
        PngChunk.Write(marked, TextChunk, Encoding.ASCII.GetBytes("Software\0" + by));
        marked.Write(png[BehindHeader..]);
        return marked.ToArray();
    }

    /// <summary>A document as JSON, the mark first.</summary>
    public static string Json(object document, string by = MadeBy)
    {
        var marked = JsonSerializer.SerializeToNode(document, MarrowJson.Options)!.AsObject();
        marked.Insert(0, "madeBy", by);
        return marked.ToJsonString(MarrowJson.Options) + "\n";
    }

    /// <param name="start">The first bytes of a file, <see cref="ImageKinds.StartBytes"/> or more.</param>
    internal static bool IsOnPicture(ReadOnlySpan<byte> start) =>
        start.StartsWith(PngChunk.Signature) && start.Length >= BehindHeader + 8 + Text.Length
        && start.Slice(BehindHeader + 4, 4).SequenceEqual("tEXt"u8) && start[(BehindHeader + 8)..].StartsWith(Text);

    /// <summary>Whether a JSON file begins with the property that results begin with.</summary>
    internal static bool IsOnJson(string path) => IsOnJson(FileStart.Read(path, MostStart));

    /// <summary>
    /// Throws <see cref="MarrowException"/> when something that Marrow did not write is where a picture, a page or a
    /// document is to be written. Ask before the work, too.
    /// </summary>
    /// <param name="option">By which the user names the file, "--out".</param>
    public static void RequireReplaceable(string path, string option)
    {
        if (new FileInfo(path).LinkTarget is null && !Path.Exists(path))
            return;
        var start =
            Directory.Exists(path) || new FileInfo(path).LinkTarget is not null ? [] : FileStart.Read(path, MostStart);
        if (
            !IsOnPicture(start)
            && !IsOnJson(start)
            && Encoding.UTF8.GetString(start).Contains(Generator, StringComparison.Ordinal) is false)
            throw MarrowException.Bad(
                path,
                "nothing, or what this command wrote before",
                Directory.Exists(path) ? "a folder" : "another file",
                $"Name another file with {option}, or move it away: nothing that others wrote is replaced.");
    }

    private static bool IsOnJson(ReadOnlySpan<byte> start) =>
        string.Concat(Encoding.UTF8.GetString(start).Where(c => !char.IsWhiteSpace(c)))
            .StartsWith("{\"madeBy\":\"marrow", StringComparison.Ordinal);
}

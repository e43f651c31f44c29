using System.Text;
using System.Text.Json;
using Marrow.Weights.PyTorch;

namespace Marrow.Weights;

/// <summary>
/// Recognises the texts that people find under the names of files of weights: pages and errors that a site sent in
/// place of the file, and pointers that stand for it in a repository.
/// </summary>
internal static class TextKinds
{
    private const string Fetch =
        "Download it again: the site has sent a page, such as a login or an error, in place of the file.";
    private const string Annex = ".git/annex/objects/";

    private const string Error = "error";

    /// <summary>
    /// The keys under which sites put the reason into an error in JSON: at its top, or within "error". Deeper, or under
    /// other keys, configurations have such words too.
    /// </summary>
    private static readonly string[] Reasons = [Error, "message", "detail", "error_description"];

    /// <summary>Says what a text is and what to do about it; null for bytes that are no text.</summary>
    /// <param name="start">The beginning of the file.</param>
    public static (string Kind, string Remedy)? Of(ReadOnlySpan<byte> start)
    {
        var text = start[MarkBytes(start)..].TrimStart(" \t\r\n"u8);
        if (text.StartsWith("<"u8))
            return Markup(Encoding.UTF8.GetString(text));
        foreach (var b in text)
        {
            if (b is < (byte)' ' and not ((byte)'\t' or (byte)'\r' or (byte)'\n') or 0x7F)
                return null;
        }
        if (text.StartsWith("{"u8) || text.StartsWith("["u8))
            return Reason(text) is { } reason
                ? ($"JSON text that tells of an error ({PickleReader.Shown(reason)})", Fetch)
                : (
                    "JSON text, such as a configuration or a site's error",
                    "Name the file of weights itself; of weights in several files name the index "
                        + $"(model.safetensors{ShardIndex.Ending}) or their folder.");
        var words = Encoding.UTF8.GetString(text);
        return IsAnnexPointer(words)
            ? ("a pointer of git-annex, which names the file and is not it", GetByAnnex)
            : words.StartsWith("outs:", StringComparison.Ordinal) && words.Contains("md5:", StringComparison.Ordinal)
            ? ("a pointer of DVC, which names the file and is not it", "Fetch the file itself: dvc pull.")
            : ("text", "Name the file of weights; where it came from a site, download it again.");
    }

    /// <summary>
    /// Returns the length of the mark of UTF-8 ("byte order mark") that some programs write before a text; 0 without
    /// it.
    /// </summary>
    public static int MarkBytes(ReadOnlySpan<byte> text) => text.StartsWith("\uFEFF"u8) ? 3 : 0;

    /// <summary>
    /// Describes a symbolic link whose target is not there; null for anything else. Repositories of git-annex and
    /// caches of Hugging Face have such links for files that were not fetched.
    /// </summary>
    public static (string Kind, string Remedy)? BrokenLink(string path)
    {
        try
        {
            var link = new FileInfo(path);
            if (link.LinkTarget is not { } target
                || link.ResolveLinkTarget(returnFinalTarget: true) is { Exists: true })
                return null;
            return IsAnnexPointer(target)
                ? ("a link of git-annex whose content is not here", GetByAnnex)
                : (
                    $"a link to '{PickleReader.Shown(target)}', which is not there",
                    "Fetch the file that it names, or name another.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private const string GetByAnnex = "Fetch the file itself in its repository: git annex get FILE.";

    /// <summary>
    /// A pointer file holds "/annex/objects/KEY"; where links can't be made, a checkout has the target of the link as
    /// text (git-annex.branchable.com, "internals/pointer_file").
    /// </summary>
    private static bool IsAnnexPointer(string text) =>
        text.StartsWith("/annex/objects/", StringComparison.Ordinal)
        || text.Replace('\\', '/').Contains(Annex, StringComparison.Ordinal);

    private static (string, string) Markup(string text)
    {
        if (Between(text, "<Code>", "</Code>") is { } code && text.Contains("<Error>", StringComparison.Ordinal))
            return (
                $"an error of an object store in XML ({PickleReader.Shown(code)})",
                "The store has sent it in place of the file: correct the address, sign it anew where it has expired, "
                    + "and download the file again.");
        if (text.Contains("<net ", StringComparison.Ordinal))
            return (
                "the description of an OpenVINO model, whose weights lie in another form beside it",
                FileKinds.Convert);
        var title = Between(text, "<title>", "</title>")?.Trim();
        return (
            "a page of HTML or XML" + (string.IsNullOrEmpty(title) ? "" : $" ({PickleReader.Shown(title)})"), Fetch);
    }

    private static string? Between(string text, string before, string behind)
    {
        var from = text.IndexOf(before, StringComparison.OrdinalIgnoreCase);
        var to = from < 0 ? -1 : text.IndexOf(behind, from, StringComparison.OrdinalIgnoreCase);
        return to < 0 ? null : text[(from + before.Length)..to];
    }

    /// <summary>
    /// Returns the reason in an error of a site, of which only the beginning need be there; null for any other JSON.
    /// </summary>
    public static string? Reason(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json, isFinalBlock: false, default);
            var isInError = false;
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName || reader.CurrentDepth > 2)
                    continue;
                var key = reader.GetString();
                if (reader.CurrentDepth == 1)
                    isInError = string.Equals(key, Error, StringComparison.OrdinalIgnoreCase);
                else if (!isInError)
                    continue;
                if (Reasons.Contains(key, StringComparer.OrdinalIgnoreCase)
                    && reader.Read()
                    && reader.TokenType == JsonTokenType.String)
                    return reader.GetString();
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // No JSON after all, or text that is none.
        }
        return null;
    }
}

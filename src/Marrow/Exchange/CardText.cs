using Marrow.Checkpoints;

namespace Marrow.Exchange;

/// <summary>
/// A checkpoint's README.md, taken apart: front matter between two lines "---", then "# name" and sections.
/// </summary>
/// <param name="FrontMatter">The front matter with its two lines "---"; "" when the card has none.</param>
/// <param name="Body">Everything that follows the front matter.</param>
internal sealed record CardText(string FrontMatter, string Body)
{
    private const string Fence = "---\n";

    /// <summary>Takes a checkpoint's card apart. All parts are empty for a checkpoint without a card.</summary>
    public static CardText Of(Checkpoint checkpoint)
    {
        var path = Path.Combine(checkpoint.Path, Checkpoint.CardFile);
        var text = File.Exists(path)
            ? InputFile.ReadAllText(path, CheckpointJson.MaxBytes).ReplaceLineEndings("\n")
            : $"# {checkpoint.Name}\n";
        var end = text.StartsWith(Fence, StringComparison.Ordinal)
            ? text.IndexOf("\n" + Fence, Fence.Length, StringComparison.Ordinal)
            : -1;
        return end < 0
            ? new("", text)
            : new(text[..(end + 1 + Fence.Length)], text[(end + 1 + Fence.Length)..].TrimStart('\n'));
    }

    /// <summary>The paragraph below the card's title.</summary>
    public string Summary =>
        Body.Split("\n\n").Skip(1).FirstOrDefault() is { } first && !first.StartsWith('#') ? first.Trim() : "";

    /// <summary>Returns the text below the heading "## title"; "" when there is no such heading.</summary>
    public string Section(string title)
    {
        var start = Body.IndexOf($"\n## {title}\n", StringComparison.Ordinal);
        if (start < 0)
            return "";
        var text = Body[(start + title.Length + 5)..];
        var end = text.IndexOf("\n## ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).Trim();
    }
}

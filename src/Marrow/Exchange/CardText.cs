using Marrow.Checkpoints;

namespace Marrow.Exchange;

/// <summary>
/// A checkpoint's README.md, taken apart: front matter between two lines "---", then "# name" and sections.
/// </summary>
/// <param name="FrontMatter">With its lines "---"; "" without one.</param>
/// <param name="Body">All that follows.</param>
internal sealed record CardText(string FrontMatter, string Body)
{
    private const string Fence = "---\n";

    /// <summary>Empty for a checkpoint without a card.</summary>
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

    /// <summary>The paragraph under the title.</summary>
    public string Summary =>
        Body.Split("\n\n").Skip(1).FirstOrDefault() is { } first && !first.StartsWith('#') ? first.Trim() : "";

    /// <summary>The text under "## title"; "" where there is none.</summary>
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

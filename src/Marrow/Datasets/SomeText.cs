namespace Marrow.Datasets;

/// <summary>
/// Prepares text from other people's files for messages: it limits the length and makes characters visible as
/// <see cref="VisibleText"/> does.
/// </summary>
internal static class SomeText
{
    private const int Longest = 60, MostItems = 20;

    /// <summary>Returns the text in quotes. A long text is cut at its end.</summary>
    public static string Quote(string text) => $"\"{Line(text)}\"";

    /// <summary>Returns the first of many names, such as "a, b, c and 12 more".</summary>
    public static string List(IReadOnlyList<string> items) => items.Count <= MostItems
        ? string.Join(", ", items.Select(Line))
        : $"{string.Join(", ", items.Take(MostItems).Select(Line))} and {items.Count - MostItems} more";

    /// <summary>Returns names as alternatives, such as "a, b or c".</summary>
    public static string Either(IEnumerable<string> words)
    {
        var list = words.ToList();
        return list.Count == 1 ? list[0] : $"{string.Join(", ", list.SkipLast(1))} or {list[^1]}";
    }

    private static string Line(string text)
    {
        var head = text.Length <= Longest ? text : text[..Longest] + "...";
        return VisibleText.Of(head);
    }
}

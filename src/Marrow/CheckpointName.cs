namespace Marrow;

/// <summary>
/// A checkpoint's name, "densenet121.cxr-pediatric": architecture, a dot, a tag of the data. It is a folder's name in
/// the hub, so it is held to what every file system takes, in lower case only.
/// </summary>
internal static class CheckpointName
{
    private const int LongestName = 128;

    /// <summary>Lower-case letters, digits, '-' and '_' in two or more parts with dots between.</summary>
    public static bool IsValid(string name) =>
        name.Length <= LongestName && name.Split('.') is { Length: >= 2 } parts
        && parts.All(IsPart);

    /// <summary>One of the parts.</summary>
    internal static bool IsPart(string part) =>
        part.Length is > 0 and <= LongestName
        && char.IsAsciiLetterOrDigit(part[0])
        && part.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    /// <summary>"densenet121", "SpineWeb 16" -> "densenet121.spineweb-16".</summary>
    public static string From(string architecture, string data)
    {
        var tag = string.Concat(data.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? c : '-'))
            .Trim('-', '_');
        var name = $"{architecture}.{tag}";
        Require(name, "checkpoint");
        return name;
    }

    internal static void Require(string name, string where)
    {
        if (!IsValid(name))
            throw MarrowException.Bad(
                where,
                "a name such as densenet121.chexpert (lower-case letters, digits, '-', '_'; two or more parts with "
                    + "dots between)",
                $"'{name}'",
                "Choose another name.");
    }
}

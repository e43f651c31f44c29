namespace Marrow.Cli;

/// <summary>What an option names with commas between: each once.</summary>
internal static class CommaList
{
    /// <summary>Empty without the option. Throws <see cref="UsageException"/> for what is named twice.</summary>
    public static string[] Read(string option, string? text)
    {
        string[] words = text?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
        RequireDistinct(option, words);
        return words;
    }

    /// <summary>Names in order, none of them empty: the place of each counts. Null without the option.</summary>
    public static string[]? Names(string option, string? text)
    {
        var names = text?.Split(',', StringSplitOptions.TrimEntries);
        if (names is not null && names.Contains(""))
            throw new UsageException($"{option} {text}: expected names with commas between, found an empty one.");
        RequireDistinct(option, names ?? []);
        return names;
    }

    public static void RequireDistinct<T>(string option, IEnumerable<T> values)
    {
        if (values.GroupBy(value => value).FirstOrDefault(g => g.Count() > 1) is { } twice)
            throw new UsageException(FormattableString.Invariant($"{option}: {twice.Key} is named twice."));
    }
}

using System.CommandLine;

namespace Marrow.Cli;

/// <summary>--data NAME=DIR, as often as a recipe names data sets.</summary>
internal static class DataFolders
{
    public static Option<string[]> Option() => new("--data")
    {
        Description = "Where a data set is, by the name that the recipe gives it. May be repeated.",
        HelpName = "NAME=DIR",
        DefaultValueFactory = _ => [],
    };

    /// <summary>
    /// Throws <see cref="UsageException"/> for what is no NAME=DIR, and for a name that is given twice.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Read(IReadOnlyList<string> values)
    {
        var folders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var value in values)
        {
            var equals = value.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || equals == value.Length - 1)
                throw new UsageException($"--data {value}: expected NAME=DIR.");
            if (!folders.TryAdd(value[..equals], value[(equals + 1)..]))
                throw new UsageException(
                    $"--data {value}: {value[..equals]} has a folder already, {folders[value[..equals]]}.");
        }
        return folders;
    }
}

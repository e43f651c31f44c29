using System.CommandLine;

namespace Marrow.Cli;

/// <summary>
/// Where checkpoints are: --hub, else the environment's MARROW_HUB, else a folder "hub" here or beside the program or
/// above it (in a clone: the repository's own).
/// </summary>
internal static class HubFolder
{
    public static Option<string?> Option() => new("--hub")
    {
        Description = "The folder of checkpoints. Without it MARROW_HUB, ./hub, or the one that came with the program.",
        HelpName = "DIR",
    };

    /// <summary>The same for a command that fills a hub.</summary>
    public static Option<string?> OptionToFill()
    {
        var option = Option();
        option.Description += " One that is named is made where it is not there.";
        return option;
    }

    public static string Of(ParseResult parsed, Option<string?> option) => Find(parsed.GetValue(option));

    /// <summary>The same for a command that fills a hub: one that is named need not be there yet.</summary>
    public static string ToFill(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { Length: > 0 } named ? named : Find(null);

    /// <summary>The folder that is used without --hub.</summary>
    public static string Default() => Find(null);

    /// <summary>
    /// What there is with --hub or without; throws <see cref="MarrowException"/> when the named one is not there.
    /// </summary>
    public static string Find(string? named) =>
        Find(
            named,
            Environment.GetEnvironmentVariable("MARROW_HUB"),
            Directory.GetCurrentDirectory(),
            AppContext.BaseDirectory);

    internal static string Find(string? named, string? fromEnvironment, string here, string program)
    {
        if (!string.IsNullOrEmpty(named))
            return Directory.Exists(named)
                ? named
                : throw MarrowException.Bad(named, "a hub's folder", "nothing of that name", "Correct --hub.");
        if (!string.IsNullOrEmpty(fromEnvironment))
            return fromEnvironment;
        if (Directory.Exists(Path.Combine(here, "hub")))
            return "hub";
        for (var folder = new DirectoryInfo(program); folder is not null; folder = folder.Parent)
        {
            var hub = Path.Combine(folder.FullName, "hub");
            if (Directory.Exists(hub))
                return hub;
        }
        return "hub";
    }
}

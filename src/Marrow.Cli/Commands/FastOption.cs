using System.CommandLine;

namespace Marrow.Cli.Commands;

/// <summary>--fast, of the commands that look at images.</summary>
internal static class FastOption
{
    public static Option<bool> Create() => new("--fast")
    {
        Description =
            "Look once where several looks would be averaged, as at spines: it takes a part of the time, and errs "
                + "more. It changes nothing for checkpoints that look once in any case.",
    };
}

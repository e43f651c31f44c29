using System.CommandLine;

namespace Marrow.Cli.Commands;

/// <summary>--fast, of the commands that look at images.</summary>
internal static class FastOption
{
    /// <param name="before">What the description begins with, where the option goes with another one.</param>
    public static Option<bool> Create(string before = "") => new("--fast")
    {
        Description =
            $"{before}Look once where several looks would be averaged, as at spines: it takes a part of the time, and "
                + "errs more. It changes nothing for checkpoints that look once in any case.",
    };
}

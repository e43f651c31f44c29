using System.CommandLine;

namespace Marrow.Cli.Commands;

/// <summary>marrow data: look at data sets before anything is trained on them.</summary>
internal static class DataCommand
{
    public static Command Create() => new("data", "Check, show and make data sets.")
    {
        DataCheckCommand.Create(),
        DataPreviewCommand.Create(),
        DataPhantomCommand.Create(),
    };
}

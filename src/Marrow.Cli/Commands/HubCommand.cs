using System.CommandLine;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub: the checkpoints there are.</summary>
internal static class HubCommand
{
    public static Command Create() =>
        new("hub", "The checkpoints there are: look at them, check them, bring others in, take them elsewhere.")
        {
            HubListCommand.Create(),
            HubShowCommand.Create(),
            HubLineageCommand.Create(),
            HubDiffCommand.Create(),
            HubVerifyCommand.Create(),
            HubRemoveCommand.Create(),
            HubImportCommand.Create(),
            HubExportCommand.Create(),
            HubPushCommand.Create(),
            HubPullCommand.Create(),
            HubRankCommand.Create(),
            HubCalibrateCommand.Create(),
        };

    /// <summary>CHECKPOINT, as every command of the hub names one.</summary>
    public static Argument<string> Reference() =>
        new("CHECKPOINT")
        {
            Description =
                "A name, name@sha256:digits, a folder, a .safetensors, .pth or .pt file, or oci://host/repository:tag.",
        };
}

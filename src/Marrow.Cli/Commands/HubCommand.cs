using System.CommandLine;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub: the checkpoints there are.</summary>
internal static class HubCommand
{
    public static Command Create() => new("hub", "Look at the checkpoints there are.")
    {
        HubListCommand.Create(),
        HubShowCommand.Create(),
        HubRankCommand.Create(),
    };

    /// <summary>CHECKPOINT, as every command of the hub names one.</summary>
    public static Argument<string> Reference() => new("CHECKPOINT") { Description = "A name, name@sha256:digits, a folder or a .safetensors file." };
}

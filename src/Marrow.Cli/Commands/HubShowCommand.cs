using System.CommandLine;
using Marrow.Hub;

namespace Marrow.Cli.Commands;

/// <summary>
/// marrow hub show: what a checkpoint is for, expects, gives, came from, may be used for and is worth.
/// </summary>
internal static class HubShowCommand
{
    public static Command Create()
    {
        var name = HubCommand.Reference();
        var hub = HubFolder.Option();
        return new Command(
            "show",
            "Show what a checkpoint expects, gives, came from, is worth and may be used for. Every byte of it is "
                + "checked."
        )
        {
            name,
            hub,
        }
            .WithExamples(
                "marrow hub show densenet121.cxr-pediatric",
                "marrow hub show runs/demo/hub/densenet-mini.chexpert --json")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    using var checkpoint = new CheckpointReferences(store, output, cancellation).Resolve(
                        parsed.GetRequiredValue(name));
                    output.Finish(store.Report(checkpoint));
                    return ExitCode.Done;
                },
                onlyReads: true);
    }
}

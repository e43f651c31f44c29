using System.CommandLine;
using Marrow.Hub;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub verify: is every byte as it was saved.</summary>
internal static class HubVerifyCommand
{
    public static Command Create()
    {
        var name = HubCommand.Reference();
        name.Arity = ArgumentArity.ZeroOrOne;
        name.Description = "A name (all checkpoints of it), name@sha256:digits or a folder. Without it the whole hub.";
        var hub = HubFolder.Option();
        return new Command(
            "verify",
            "Read every byte and name each damaged, missing or unlisted file. The exit code is 1 when there is any.")
        {
            name,
            hub,
        }
            .WithExamples(
                "marrow hub verify",
                "marrow hub verify densenet121.cxr-pediatric",
                "marrow hub verify --hub /srv/hub --json")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    var result = ProgressDisplay.Show(output, ProgressUnit.Bytes, show =>
                        store.Verify(parsed.GetValue(name), show, cancellation));
                    output.Finish(result.Report);
                    return result.IsWhole ? ExitCode.Done : ExitCode.Failed;
                },
                onlyReads: true);
    }
}

using System.CommandLine;
using Marrow.Hub;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub remove: one checkpoint less.</summary>
internal static class HubRemoveCommand
{
    public static Command Create()
    {
        var name = HubCommand.Reference();
        name.Description = "A name that only one checkpoint has, name@sha256:digits, or a folder in the hub.";
        var force = new Option<bool>("--force")
        {
            Description = "Remove it even though others of the hub came from it.",
        };
        var hub = HubFolder.Option();
        return new Command("remove", "Remove a checkpoint. Refused while another of the hub came from it.")
        {
            name,
            force,
            hub,
        }
            .WithExamples(
                "marrow hub remove densenet-mini.trial",
                "marrow hub remove densenet121.cxr-pediatric@sha256:f361db57 --force")
            .Does(
                (parsed, output, _) =>
                {
                    var folder = HubFolder.Of(parsed, hub);
                    var removed = new LocalHub(folder).Remove(parsed.GetRequiredValue(name), parsed.GetValue(force));
                    output.Finish(new { Hub = folder, Removed = removed }, console =>
                        console.Line($"removed {removed.Reference}, {NumberText.MiB(removed.Bytes)} MiB"));
                    return ExitCode.Done;
                }
            );
    }
}

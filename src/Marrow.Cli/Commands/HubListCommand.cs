using System.CommandLine;
using Marrow.Hub;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub list: which checkpoints there are.</summary>
internal static class HubListCommand
{
    public static Command Create()
    {
        var hub = HubFolder.Option();
        return new Command("list", "List the checkpoints, the newest of each name first.") { hub }
            .WithExamples("marrow hub list", "marrow hub list --hub /srv/hub --json")
            .Does((parsed, output, _) =>
            {
                var folder = HubFolder.Of(parsed, hub);
                var entries = new LocalHub(folder).List();
                output.Finish(new { hub = folder, checkpoints = entries }, console =>
                {
                    if (entries.Count == 0)
                        console.WriteLine($"{folder}: no checkpoint");
                    else
                        console.Draw(["name", "digest", "created", "MiB", "licence", "its ancestors'", ""], [.. entries.Select(Row)], folder);
                });
                return ExitCode.Done;
            });
    }

    private static IReadOnlyList<string> Row(HubEntry entry) =>
    [
        entry.Name,
        HubText.Digits(entry.Digest),
        entry.Problem is null ? HubText.Date(entry.Created) : "",
        entry.Problem is null ? HubText.MiB(entry.Bytes) : "",
        entry.Problem is null ? entry.License : "",
        string.Join(", ", entry.AncestorLicenses),
        entry.Problem ?? "",
    ];
}

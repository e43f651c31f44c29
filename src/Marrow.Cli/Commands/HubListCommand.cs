using System.CommandLine;
using System.Globalization;
using Marrow.Hub;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub list: which checkpoints there are.</summary>
internal static class HubListCommand
{
    private const int LicensesShown = 12;

    public static Command Create()
    {
        var hub = HubFolder.Option();
        return new Command("list", "List the checkpoints, the newest of each name first.") { hub }
            .WithExamples("marrow hub list", "marrow hub list --hub /srv/hub --json")
            .Does(
                (parsed, output, _) =>
                {
                    var folder = HubFolder.Of(parsed, hub);
                    var entries = new LocalHub(folder).List();
                    output.Finish(new { hub = folder, checkpoints = entries }, console =>
                    {
                        if (entries.Count == 0)
                            console.Line($"{folder}: no checkpoint");
                        else
                            console.Draw(
                                ["name", "digest", "created", "MiB", "licence"],
                                [.. entries.Select(Row)],
                                folder,
                                hasLines: true);
                        foreach (var entry in entries.Where(entry => entry.Problem is not null))
                            console.Line($"{entry.Name}@{entry.Digest}: {entry.Problem}");
                    });
                    return ExitCode.Done;
                },
                onlyReads: true);
    }

    private static IReadOnlyList<string> Row(HubEntry entry) =>
        entry.Problem is null
            ?
            [
                entry.Name,
                Digest.Shorten(entry.Digest),
                entry.Created.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
                NumberText.MiB(entry.Bytes),
                Terms(entry),
            ]
            : [entry.Name, Digest.Shorten(entry.Digest), "", "", "damaged"];

    /// <summary>The checkpoint's own licence, and below it those of its ancestors that are others.</summary>
    private static string Terms(HubEntry entry) =>
        Tables.Cell(
            Some(
                entry
                    .AncestorLicenses.Where(license => license != entry.License)
                    .Select(license => $"from {license}")
                    .Prepend(entry.License)
                    .ToList()));

    /// <summary>A hostile manifest may name a thousand; hub show has them all.</summary>
    private static IEnumerable<string> Some(List<string> licenses) =>
        licenses.Count <= LicensesShown
            ? licenses
            : licenses.Take(LicensesShown).Append($"and {licenses.Count - LicensesShown} more");
}

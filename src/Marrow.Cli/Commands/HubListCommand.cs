using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Reports;
using Spectre.Console;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub list: which checkpoints there are, all or those of a kind.</summary>
internal static class HubListCommand
{
    private const int LinesShown = 12;

    public static Command Create()
    {
        var task = Filter<string?>("--task", "NAME", "Those of this task, such as classify or detect-vertebrae.");
        var bodyPart = Filter<string?>(
            "--body-part", "NAME", "Those trained on films of this part of the body, such as chest or spine.");
        var license = Filter<string?>("--license", "ID", "Those under this licence, such as CC-BY-4.0.");
        var commercial = new Option<bool>("--commercial")
        {
            Description = "Those whose licence and whose ancestors' licences forbid no commercial use.",
        };
        var size = Filter<double?>("--max-mib", "N", "Those whose files take N MiB or less.");
        var page = Filter<string?>(
            "--page", "FILE", "Write a page of Markdown about them; pictures beside it, hub/NAME.jpg, are shown.");
        var hub = HubFolder.Option();
        return new Command("list", "List the checkpoints, the newest of each name first.")
        {
            task,
            bodyPart,
            license,
            commercial,
            size,
            page,
            hub,
        }
            .WithExamples(
                "marrow hub list",
                "marrow hub list --task classify --body-part chest",
                "marrow hub list --commercial --max-mib 10",
                "marrow hub list --page docs/hub.md",
                "marrow hub list --hub /srv/hub --json")
            .Does(
                (parsed, output, _) =>
                {
                    var folder = HubFolder.Of(parsed, hub);
                    if (parsed.GetValue(page) is { } asked)
                        ResultMark.RequireReplaceable(asked, page.Name);
                    var store = new LocalHub(folder);
                    var all = store.List();
                    var entries = all;
                    Keep(task, e => e.Task, parsed.GetValue(task), (e, wanted) => Same(e.Task, wanted));
                    Keep(
                        bodyPart, e => string.Join(", ", e.BodyParts), parsed.GetValue(bodyPart),
                        (e, wanted) => e.BodyParts.Any(part => Same(part, wanted)));
                    Keep(
                        license, e => e.License, parsed.GetValue(license),
                        (e, wanted) => Licenses.IdsOf(e.License).Any(id => Same(id, wanted)));
                    if (parsed.GetValue(commercial))
                        entries = [.. entries.Where(AllowsCommercialUse)];
                    if (parsed.GetValue(size) is { } most)
                        entries = [.. entries.Where(e => e.Bytes <= most * (1 << 20))];
                    if (parsed.GetValue(page) is { } path)
                        HubPage.Write(store, entries, path);
                    output.Finish(new { hub = folder, checkpoints = entries }, console => Show(
                        console, entries, folder, all.Count - entries.Count));
                    return ExitCode.Done;

                    // A word that no checkpoint has is more likely a slip than a question.
                    void Keep(
                        Option option, Func<HubEntry, string> of, string? wanted, Func<HubEntry, string, bool> has)
                    {
                        if (wanted is null)
                            return;
                        if (all.Count > 0 && !all.Any(e => has(e, wanted)))
                            output.Warn(
                                $"{option.Name} {wanted}: no checkpoint of {folder} has that. There are: "
                                    + string.Join(
                                        ", ",
                                        all.Select(of).Where(text => text.Length > 0).Distinct(StringComparer.Ordinal)
                                            .Take(LinesShown)
                                            .DefaultIfEmpty("none")));
                        entries = [.. entries.Where(e => has(e, wanted))];
                    }
                },
                onlyReads: true);
    }

    private static Option<T> Filter<T>(string name, string value, string description) => new(name)
    {
        Description = description,
        HelpName = value,
    };

    private static bool Same(string text, string wanted) => text.Equals(wanted, StringComparison.OrdinalIgnoreCase);

    private static bool AllowsCommercialUse(HubEntry entry) => entry.Problem is null
        && !entry.AncestorLicenses.Append(entry.License)
            .Any(license => Licenses.RestrictionsOf(license).HasFlag(LicenseRestrictions.NonCommercial));

    private static void Show(IAnsiConsole console, IReadOnlyList<HubEntry> entries, string folder, int left)
    {
        if (entries.Count > 0)
            console.Draw(
                ["name", "digest", "result", "MiB", "licence"],
                [.. entries.Select(Row)],
                folder,
                hasLines: true);
        else if (left == 0)
            console.Line($"{folder}: no checkpoint");
        if (left > 0)
            console.Line($"{NumberText.Count(entries.Count, "checkpoint")} of {entries.Count + left} in {folder}");
        foreach (var entry in entries.Where(entry => entry.Problem is not null))
            console.Line($"{entry.Name}@{entry.Digest}: {entry.Problem}");
    }

    private static IReadOnlyList<string> Row(HubEntry entry) =>
        entry.Problem is null
            ?
            [
                Tables.Cell(About(entry)),
                Digest.Shorten(entry.Digest),
                entry.Figure is { } figure ? Tables.Cell(Result(figure)) : "",
                NumberText.MiB(entry.Bytes),
                Tables.Cell(
                    Some(
                        entry.AncestorLicenses.Where(license => license != entry.License)
                            .Select(license => $"from {license}")
                            .Prepend(entry.License))),
            ]
            : [entry.Name, Digest.Shorten(entry.Digest), "", "", "damaged"];

    /// <summary>The name, and below it what it does, on which films, and what it was made from.</summary>
    private static IEnumerable<string> About(HubEntry entry)
    {
        yield return entry.Name;
        if (entry.Task.Length > 0)
            yield return $"  {entry.Task}{(entry.BodyParts.Count > 0
                ? $" of {string.Join(", ", Some(entry.BodyParts))}"
                : "")}";
        foreach (var line in Some(entry.Datasets.Select(name => $"on {name}")))
            yield return $"  {line}";
        foreach (var line in Some(entry.Parents.Select(name => $"from {name}")))
            yield return $"  {line}";
    }

    /// <summary>The value, and below it the interval of 95 %.</summary>
    private static IEnumerable<string> Result(MeasuredValue figure)
    {
        var (value, interval) = figure.Describe();
        return interval.Length > 0 ? [value, interval] : [value];
    }

    /// <summary>A hostile manifest may name a thousand; hub show has them all.</summary>
    private static IEnumerable<string> Some(IEnumerable<string> lines)
    {
        var all = lines.ToList();
        return all.Count <= LinesShown ? all : all.Take(LinesShown).Append($"and {all.Count - LinesShown} more");
    }
}

using System.CommandLine;
using System.Globalization;
using Marrow.Hub;
using Spectre.Console;

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
                    output.Finish(
                        new
                        {
                            result.Hub,
                            result.IsWhole,
                            Damaged = result.Checkpoints.Count(c => c.Faults.Count > 0),
                            result.Checkpoints,
                            result.Strays,
                        },
                        console => Draw(console, result));
                    return result.IsWhole ? ExitCode.Done : ExitCode.Failed;
                },
                onlyReads: true);
    }

    internal static void Draw(IAnsiConsole console, HubVerification result)
    {
        if (result.Checkpoints.Count > 0)
        {
            console.Draw(
                ["name", "digest", "files", "MiB", ""],
                [
                    .. result.Checkpoints.Select(c =>
                        (IReadOnlyList<string>)
                            [
                                c.Name,
                                Digest.Shorten(c.Digest),
                                c.Files.ToString(CultureInfo.InvariantCulture),
                                NumberText.MiB(c.Bytes),
                                c.Faults.Count == 0 ? "whole" : "damaged",
                            ]),
                ],
                result.Hub);
        }
        foreach (var fault in result.Faults)
            console.Line($"{fault.Path}: {fault.Problem}");
        var damaged = result.Checkpoints.Count(c => c.Faults.Count > 0);
        console.Line(
            result.IsWhole
                ? $"{result.Checkpoints.Count} whole"
                : $"{result.Checkpoints.Count - damaged} whole, {damaged} damaged, {result.Faults.Count} "
                    + $"{(result.Faults.Count == 1 ? "fault" : "faults")}"
        );
    }
}

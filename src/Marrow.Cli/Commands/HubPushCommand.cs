using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Hub;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub push: a checkpoint into an OCI registry.</summary>
internal static class HubPushCommand
{
    public static Command Create()
    {
        var name = HubCommand.Reference();
        var target = RegistryArguments.Reference("TARGET", "oci://host[:port]/repository:tag.");
        var registry = new RegistryArguments();
        var license = new Option<string?>("--license")
        {
            Description =
                "Pass it on under these terms instead of its own: an SPDX identifier or LicenseRef-... Refused where "
                    + "an ancestor's terms forbid it.",
            HelpName = "ID",
        };
        var hub = HubFolder.Option();
        return new Command("push", "Push a checkpoint to an OCI registry; only what the registry lacks travels.")
        {
            name,
            target,
            registry.WithParents,
            license,
            registry.PlainHttp,
            registry.Parallel,
            hub,
        }
            .WithExamples(
                "marrow hub push densenet121.cxr-pediatric oci://registry.lab/chest/densenet121:v1",
                "marrow hub push cobb-densenet-mini.own-spines oci://127.0.0.1:5000/spine/cobb:v1 --with-parents",
                "marrow hub push densenet121.cxr-pediatric oci://registry.lab:5000/chest/densenet121:v1 --plain-http "
                    + "--json"
            )
            .Does(
                (parsed, output, cancellation) =>
                {
                    var store = new LocalHub(HubFolder.Of(parsed, hub));
                    using var checkpoint = new CheckpointReferences(store, output, cancellation).Resolve(
                        parsed.GetRequiredValue(name));
                    Warn(output, parsed.GetValue(license) ?? checkpoint.License);
                    var oci = registry.Open(parsed, output);
                    var pushed = ProgressDisplay.Show(output, ProgressUnit.Bytes, show =>
                        oci.PushAsync(
                                store,
                                checkpoint,
                                parsed.GetRequiredValue(target),
                                parsed.GetValue(registry.WithParents),
                                parsed.GetValue(license),
                                show,
                                cancellation)
                            .GetAwaiter()
                            .GetResult());
                    foreach (var note in pushed.Notes)
                        output.Note(note);
                    output.Finish(pushed.Report);
                    return ExitCode.Done;
                }
            );
    }

    private static void Warn(Output output, string license)
    {
        if (Licenses.RestrictionsOf(license).HasFlag(LicenseRestrictions.NoRedistribution))
            output.Warn(
                $"{license} forbids redistribution: only those who may have it may read this registry. It must not be "
                    + $"public."
            );
    }
}

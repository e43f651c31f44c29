using System.CommandLine;
using Marrow.Hub;

namespace Marrow.Cli.Commands;

/// <summary>marrow hub pull: a checkpoint out of an OCI registry.</summary>
internal static class HubPullCommand
{
    public static Command Create()
    {
        var source = RegistryArguments.Reference(
            "SOURCE",
            "oci://host[:port]/repository:tag or oci://host[:port]/repository@sha256:DIGITS."
        );
        var registry = new RegistryArguments();
        var hub = HubFolder.OptionToFill();
        return new Command(
            "pull",
            "Pull a checkpoint from an OCI registry into the hub; every byte is checked, and a pull that was cut goes "
                + "on."
        )
        {
            source,
            registry.WithParents,
            registry.PlainHttp,
            registry.Parallel,
            hub,
        }
            .WithExamples(
                "marrow hub pull oci://registry.lab/chest/densenet121:v1",
                "marrow hub pull oci://127.0.0.1:5000/spine/cobb:v1 --with-parents --hub my-hub",
                "marrow hub pull oci://registry.lab/chest/densenet121@sha256:DIGITS --json")
            .Does((parsed, output, cancellation) =>
            {
                var store = new LocalHub(HubFolder.ToFill(parsed, hub));
                var oci = registry.Open(parsed, output);
                var pulled = ProgressDisplay.Show(output, ProgressUnit.Bytes, show => oci.PullAsync(
                    store, parsed.GetRequiredValue(source), parsed.GetValue(registry.WithParents), show, cancellation)
                    .GetAwaiter().GetResult());
                output.Finish(pulled.Report);
                return ExitCode.Done;
            });
    }
}

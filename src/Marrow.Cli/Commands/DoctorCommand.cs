using System.CommandLine;
using Marrow.Cli.Doctor;

namespace Marrow.Cli.Commands;

/// <summary>marrow doctor: whether Marrow can work on this machine, and what to do where it can't.</summary>
internal static class DoctorCommand
{
    /// <summary>Doctor's own: it tries the native libraries in another process, which has this option.</summary>
    public const string ProbeOption = "--probe";

    public static Command Create()
    {
        var hub = HubFolder.Option();
        var data = DataFolders.Option();
        data.Description = "A folder of data to look at too. May be repeated.";
        var probe = new Option<bool>(ProbeOption) { Hidden = true };
        return new Command(
            "doctor",
            "Can Marrow work on this machine? Checks .NET, libtorch, memory, folders and more, and says what to do.")
        {
            hub,
            data,
            probe,
        }
            .WithExamples(
                "marrow doctor",
                "marrow doctor --data spineweb16=data/spineweb16",
                "marrow doctor --json > doctor.json     # for a report of a fault")
            .Does(
                (parsed, output, cancellation) =>
                {
                    if (parsed.GetValue(probe))
                        return LibraryProbe.Run(parsed.InvocationConfiguration.Output);
                    var diagnosis = Examine(
                        parsed.GetValue(hub),
                        DataFolders.Read(parsed.GetRequiredValue(data)),
                        cancellation);
                    output.Finish(diagnosis, console => DoctorReport.Draw(console, diagnosis));
                    return diagnosis.Usable ? ExitCode.Done : ExitCode.Failed;
                }
            );
    }

    private static Diagnosis Examine(
        string? hub,
        IReadOnlyDictionary<string, string> data,
        CancellationToken cancellation
    ) =>
        Diagnosis.Of(
            CommandLine.Version(),
            [
                .. ProgramChecks.All(CommandLine.Version()),
                .. LibraryChecks.All(cancellation),
                .. MachineChecks.All(),
                .. FolderChecks.All(hub, data),
                .. EnvironmentChecks.All(),
            ],
            HomeFolder.OfUser());
}

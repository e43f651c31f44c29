using System.CommandLine;
using Marrow.Datasets;

namespace Marrow.Cli.Commands;

/// <summary>marrow data check: everything that is wrong with a data set, with the file of each fault.</summary>
internal static class DataCheckCommand
{
    private const int FaultsShown = 20;

    public static Command Create()
    {
        var data = new DataOptions();
        var all = new Option<bool>("--all") { Description = $"Print every fault, not the first {FaultsShown}." };
        var command = new Command(
            "check",
            "Look at every row and every image of a data set. Faults are listed and are no failure.")
        {
            all,
        };
        data.AddTo(command);
        return command
            .WithExamples(
                "marrow data check spineweb16 data/spineweb16",
                "marrow data check chexpert data/chexpert --set blank=zeros --json > chexpert.json")
            .Does(
                (parsed, output, cancellation) => Run(data.Read(parsed), parsed.GetValue(all), output, cancellation),
                onlyReads: true);
    }

    private static int Run(DatasetRequest request, bool all, Output output, CancellationToken cancellation)
    {
        var report = ProgressDisplay.Show(
            output, ProgressUnit.Images, show => DataCheck.Run(request, show, cancellation));
        output.Finish(report.Report(all ? int.MaxValue : FaultsShown));
        return ExitCode.Done;
    }
}

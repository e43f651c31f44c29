using System.CommandLine;
using Marrow.Hub;
using Marrow.Prediction;

namespace Marrow.Cli.Commands;

/// <summary>
/// marrow hub calibrate: teaches a checkpoint which images are familiar to it, or how far its angles may be off.
/// </summary>
internal static class HubCalibrateCommand
{
    private const double MostRate = 0.2;

    public static Command Create()
    {
        var reference = HubCommand.Reference();
        var data = DataFolders.Option();
        data.Description =
            "The data that the checkpoint was trained on, by the name that it has there (other data: with --format).";
        var format = new Option<string?>("--format")
        {
            Description = "How to read data that the checkpoint was not trained on, all images of which are familiar.",
        };
        var rate = new Option<double>("--rate")
        {
            Description = "The share of images like these that may be refused.",
            HelpName = "SHARE",
            DefaultValueFactory = _ => CalibrationRequest.UsualRate,
        };
        var intervals = new IntervalOptions();
        var hub = HubFolder.Option();
        var command = new Command(
            "calibrate",
            "Make a checkpoint with the same weights that knows which images are familiar to it and refuses others, or "
                + "with --folds how far its angles may be off.")
        {
            reference, data, format, rate, hub,
        };
        foreach (var option in intervals.All)
            command.Options.Add(option);
        return command
            .Computes()
            .OnDevice()
            .WithExamples(
                "marrow hub calibrate resnet16-mlnet.cxr-pediatric --data cxr=data/cxr",
                "marrow hub calibrate densenet121.xrv --data chests=films --format csv --rate 0.02",
                "marrow hub calibrate strip-resnet16-mlnet.spineweb16 --folds runs/spine-folds")
            .Does(
                (parsed, output, cancellation) =>
                {
                    intervals.Require(parsed, data, format, rate);
                    var folders = DataFolders.Read(parsed.GetRequiredValue(data));
                    if (!intervals.AreAsked(parsed) && folders.Count != 1)
                        throw new UsageException("--data: expected one data set, or --folds in its place.");
                    var share = parsed.GetRequiredValue(rate);
                    if (!(share is > 0 and <= MostRate))
                        throw new UsageException($"--rate: expected a share above 0 and at most {MostRate:0.0}.");
                    var references = new CheckpointReferences(
                        new LocalHub(HubFolder.Of(parsed, hub)), output, cancellation);
                    using var checkpoint = references.Resolve(parsed.GetRequiredValue(reference));
                    if (intervals.AreAsked(parsed))
                    {
                        intervals.Run(parsed, checkpoint, references, output, cancellation);
                        return ExitCode.Done;
                    }
                    var (name, folder) = folders.Single();
                    var request = new CalibrationRequest
                    {
                        Checkpoint = checkpoint,
                        Hub = references.Hub,
                        Data = name,
                        Root = folder,
                        Format = parsed.GetValue(format),
                        Rate = share,
                        Device = DeviceOption.Of(parsed) ?? default,
                    };
                    var (made, report) = ProgressDisplay.Show(
                        output, ProgressUnit.Images, show => Calibration.Run(request, show, cancellation));
                    using (made)
                        output.Finish(report);
                    return ExitCode.Done;
                });
    }
}

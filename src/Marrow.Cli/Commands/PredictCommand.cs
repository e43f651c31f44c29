using System.CommandLine;
using Marrow.Computing;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Reports;

namespace Marrow.Cli.Commands;

/// <summary>
/// marrow predict: what checkpoints say of images, as CSV, JSON, overlays and masks; without a name vertebrae and Cobb
/// angles.
/// </summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var inputs = new Argument<string[]>("IMAGE")
        {
            Description = $"Images ({ImageInputs.Kinds}) or folders of them.",
            Arity = ArgumentArity.OneOrMore,
        };
        var checkpoint = new Option<string[]>("--checkpoint")
        {
            Description =
                "One checkpoint of any task, which brings along the one by which it crops: of one that looks again at "
                    + "points, the first look; or a detector of vertebrae with a regressor of angles, a refiner of its "
                    + "corners, or both. Without it the newest of the hub that measure a spine together, and for "
                    + "images that these refuse another one of the hub, which knows such images.",
            HelpName = "NAME",
            DefaultValueFactory = _ => [],
        };
        var folder = new Option<string>("--out")
        {
            Description = "Where predictions.csv, a JSON file, an overlay and a mask for each image go.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "predictions",
        };
        var noOverlay = new Option<bool>("--no-overlay")
        {
            Description = "Draw no overlays: they take more time and space than the rest of what is written.",
        };
        var explain = new Option<string?>("--explain")
        {
            Description =
                "Say what the answers come from: of classes and numbers a map of heat on each image, of vertebrae how "
                    + "well several looks agree. Without names the most probable class, the findings that are present "
                    + "or the first three numbers. Write it behind the images.",
            HelpName = "NAME,NAME",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var anyway = new Option<bool>("--anyway")
        {
            Description =
                "Measure also what would be refused, as images unlike those of the training and films that show no "
                    + "whole spine. It is a matter for a person then: the status is check at best.",
        };
        var fast = FastOption.Create();
        var hub = HubFolder.Option();
        return new Command(
            "predict",
            "Say what checkpoints see on images: classes, numbers, points, masks, or the vertebrae and Cobb angles of "
                + "spines."
        )
        {
            inputs,
            checkpoint,
            folder,
            noOverlay,
            explain,
            anyway,
            fast,
            hub,
        }
            .Computes()
            .OnDevice()
            .WithExamples(
                "marrow predict scan.jpg",
                "marrow predict films/ --out results --checkpoint retinanet-resnet16-mlnet.spineweb16 --checkpoint "
                    + "strip-resnet16-mlnet.spineweb16",
                "marrow predict knees/ --checkpoint points-densenet121.knees",
                "marrow predict films/ --checkpoint segment-densenet121.spineweb16 --out masks",
                "marrow predict films/ --no-overlay",
                "marrow predict scan.png --checkpoint densenet121.cxr-pediatric --explain",
                "marrow predict hands/ --checkpoint regress-densenet121.hands --explain age",
                "marrow predict odd.png --anyway",
                "marrow predict films/ --fast --no-overlay",
                "marrow predict scan.png --json")
            .Does(
                (parsed, output, cancellation) =>
                    Run(
                        ImageInputs.Of(parsed.GetRequiredValue(inputs), cancellation),
                        parsed.GetRequiredValue(folder),
                        !parsed.GetValue(noOverlay),
                        parsed.GetResult(explain) is null
                            ? null
                            : CommaList.Names(explain.Name, parsed.GetValue(explain)) ?? [],
                        predictor =>
                        {
                            predictor.Anyway = parsed.GetValue(anyway);
                            predictor.Fast = parsed.GetValue(fast);
                        },
                        parsed.GetRequiredValue(checkpoint),
                        new LocalHub(HubFolder.Of(parsed, hub)),
                        DeviceOption.Of(parsed) ?? default,
                        output,
                        cancellation));
    }

    private static int Run(
        ImageInputs inputs,
        string folder,
        bool overlays,
        IReadOnlyList<string>? explained,
        Action<PredictorSet> choose,
        IReadOnlyList<string> names,
        LocalHub hub,
        DeviceChoice device,
        Output output,
        CancellationToken cancellation)
    {
        foreach (var remark in inputs.Remarks)
            output.Warn($"left out: {remark}");
        using var predictor = PredictorSet.Open(
            hub,
            names,
            new CheckpointReferences(hub, output, cancellation).Resolve,
            device);
        choose(predictor);
        if (predictor.Untrained.Count > 0)
            output.Warn(
                $"{predictor.Checkpoints[0].Name}: no label of {string.Join(", ", predictor.Untrained)} was seen in "
                    + $"training; left blank."
            );
        var result = ProgressDisplay.Show(output, ProgressUnit.Images, show =>
            FolderPrediction.Run(predictor, inputs, folder, overlays, explained, show, cancellation));
        foreach (var warning in result.Warnings)
            output.Warn(warning);
        output.Finish(result.Report);
        return result.IsWhole ? ExitCode.Done : ExitCode.Failed;
    }
}

using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Prediction;

namespace Marrow.Cli.Commands;

/// <summary>marrow evaluate: what checkpoints are worth on labelled images, with intervals.</summary>
internal static class EvaluateCommand
{
    private const string HeldOut = "held-out", All = "all";

    public static Command Create()
    {
        var names = new Argument<string[]>("CHECKPOINT")
        {
            Description =
                "One checkpoint; of one that looks again at the points of a first look, what both come to is measured. "
                    + "Or a detector with what goes with it (models of strips, a refiner of its corners, a regressor), "
                    + "to measure what they come to together.",
            Arity = ArgumentArity.OneOrMore,
        };
        var data = DataFolders.Option();
        data.Description =
            "The labelled data, by the name under which the checkpoint was trained on it (another name: with "
                + "--format).";
        data.Required = true;
        var split = new Option<string>("--split")
        {
            Description =
                "held-out: the images that the checkpoint itself held out; of changed files those that it is known "
                    + "of. all: every image, with a warning where it was trained on some.",
            HelpName = $"{HeldOut}|{All}",
            DefaultValueFactory = _ => HeldOut,
        };
        split.AcceptOnlyFromAmong(HeldOut, All);
        var format = new Option<string?>("--format")
        {
            Description = $"How to read data that the checkpoint does not know: {DatasetCatalogue.Names}.",
        };
        var set = new Option<string[]>("--set")
        {
            Description =
                "Read the data otherwise than for training, with the keys of a recipe's data: split=valid, "
                    + "csv=second.csv. May be repeated.",
            HelpName = "key=value",
            DefaultValueFactory = _ => [],
        };
        var fast = FastOption.Create();
        var hub = HubFolder.Option();
        return new Command(
            "evaluate",
            "Measure checkpoints on labelled images, with 95 % bootstrap intervals over patients.")
        {
            names,
            data,
            split,
            format,
            set,
            fast,
            hub,
        }
            .Computes()
            .OnDevice()
            .WithExamples(
                "marrow evaluate resnet16-mlnet.cxr-pediatric --data cxr=data/cxr",
                "marrow evaluate retinanet-resnet16-mlnet.spineweb16 strip-resnet16-mlnet.spineweb16 --data own=films "
                    + "--format csv --split all",
                "marrow evaluate densenet121.mura --data mura=data/mura --split all --set split=valid",
                "marrow evaluate retinanet-resnet16-mlnet.spineweb16 --data own=films --format csv --split all --fast",
                "marrow evaluate cobb-resnet16-mlnet.spineweb16 --data own=films --format csv --split all --json")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var folders = DataFolders.Read(parsed.GetRequiredValue(data));
                    if (folders.Count != 1)
                        throw new UsageException("--data: expected one data set.");
                    var (name, folder) = folders.Single();
                    var all = parsed.GetRequiredValue(split) == All;
                    var changes = parsed.GetRequiredValue(set);
                    if (changes.Length > 0 && !all)
                        throw new UsageException(
                            "--set reads the data otherwise than for training, so that what was held out is not "
                                + "known: add --split all."
                        );
                    var references = new CheckpointReferences(
                        new LocalHub(HubFolder.Of(parsed, hub)),
                        output,
                        cancellation);
                    var checkpoints = new List<Checkpoint>();
                    try
                    {
                        foreach (var reference in parsed.GetRequiredValue(names))
                            checkpoints.Add(references.Resolve(reference));
                        return Run(
                            new()
                            {
                                Checkpoints = checkpoints,
                                Hub = references.Hub,
                                Data = name,
                                Root = folder,
                                All = all,
                                Format = parsed.GetValue(format),
                                Change = changes.Length == 0
                                    ? null
                                    : options => DataOptions.ReadOptions(changes, options),
                                Fast = parsed.GetValue(fast),
                                Device = DeviceOption.Of(parsed) ?? default,
                            },
                            output,
                            cancellation);
                    }
                    finally
                    {
                        checkpoints.ForEach(c => c.Dispose());
                    }
                },
                onlyReads: true);
    }

    private static int Run(EvaluationRequest request, Output output, CancellationToken cancellation)
    {
        var evaluation = new Evaluation(request);
        foreach (var warning in evaluation.Warnings)
            output.Warn(warning);
        var result = ProgressDisplay.Show(
            output, ProgressUnit.Images, show => evaluation.Measure(show, cancellation));
        output.Finish(result.Report);
        return ExitCode.Done;
    }
}

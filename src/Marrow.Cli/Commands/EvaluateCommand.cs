using System.CommandLine;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Metrics;
using Marrow.Prediction;
using Spectre.Console;

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
                "One checkpoint; or a detector with a regressor or a refiner of its corners or both, to measure what "
                    + "they come to together.",
            Arity = new ArgumentArity(1, 3),
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
            hub,
        }
            .Computes()
            .OnDevice()
            .WithExamples(
                "marrow evaluate densenet121.cxr-pediatric --data cxr=data/cxr",
                "marrow evaluate retinanet-densenet121.spineweb16 cobb-densenet121.spineweb16 --data "
                    + "spineweb16=data/spineweb16",
                "marrow evaluate densenet121.mura --data mura=data/mura --split all --set split=valid",
                "marrow evaluate cobb-densenet121.spineweb16 --data own=films --format csv --split all --json")
            .Does(
                (parsed, output, cancellation) =>
                {
                    var folders = DataFolders.Read(parsed.GetRequiredValue(data));
                    if (folders.Count != 1)
                        throw new UsageException("--data: expected one data set.");
                    var (name, folder) = folders.Single();
                    var part = parsed.GetRequiredValue(split) == All ? EvaluationSplit.All : EvaluationSplit.HeldOut;
                    var changes = parsed.GetRequiredValue(set);
                    if (changes.Length > 0 && part != EvaluationSplit.All)
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
                        var named = checkpoints.ToList();
                        var (samples, warnings) = Samples(
                            named,
                            name,
                            folder,
                            part,
                            parsed.GetValue(format),
                            changes.Length == 0 ? null : options => DataOptions.ReadOptions(changes, options),
                            references.Hub);
                        foreach (var warning in warnings)
                            output.Warn(warning);
                        PredictorSet.Complete(checkpoints, references.Hub);
                        return Measure(
                            named,
                            checkpoints,
                            samples,
                            warnings,
                            name,
                            part,
                            DeviceOption.Of(parsed) ?? default,
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

    /// <summary>What none of the checkpoints saw: their divisions must agree.</summary>
    private static (IReadOnlyList<Sample> Samples, IReadOnlyList<string> Warnings) Samples(
        List<Checkpoint> checkpoints,
        string name,
        string folder,
        EvaluationSplit part,
        string? format,
        Func<DatasetOptions, DatasetOptions>? change,
        LocalHub hub)
    {
        var selected = checkpoints
            .Select(c => EvaluationSamples.Select(c, name, folder, part, format, change, hub))
            .ToList();
        var each = selected.Select(s => s.Samples).ToList();
        if (each.Any(samples => !samples.Select(s => s.Id).ToHashSet().SetEquals(each[0].Select(s => s.Id))))
            throw new MarrowException(
                $"{string.Join(" and ", checkpoints.Select(c => c.Name))}: other images were held out from one than "
                    + $"from the other. Measure them one by one."
            );
        return (each[0], [.. selected.SelectMany(s => s.Warnings).Distinct()]);
    }

    /// <param name="named">
    /// Of <paramref name="checkpoints"/> those that the user named; the others are what those crop by.
    /// </param>
    private static int Measure(
        List<Checkpoint> named,
        List<Checkpoint> checkpoints,
        IReadOnlyList<Sample> samples,
        IReadOnlyList<string> warnings,
        string data,
        EvaluationSplit part,
        DeviceChoice device,
        Output output,
        CancellationToken cancellation)
    {
        ProcessThreads.Current?.Apply();
        var results = ProgressDisplay.Show(output, ProgressUnit.Images, show =>
        {
            void Tell(Progress at) => show(at with { What = data });
            return named is [var one]
                ? new Dictionary<string, IReadOnlyList<MetricValue>>
                {
                    [one.Config.Task] = Evaluation.Measure(
                        one, samples, progress: Tell, cancellation: cancellation,
                        detector: checkpoints.FirstOrDefault(c => c != one), device: device),
                }
                : Evaluation.MeasureSpine(
                    checkpoints, samples, progress: Tell, cancellation: cancellation, device: device);
        });
        var document = new
        {
            Checkpoints = checkpoints.Select(c => new { c.Name, c.Digest }),
            Data = data,
            Split = part,
            Images = samples.Count,
            Patients = samples.DistinctBy(s => s.Patient).Count(),
            Warnings = warnings,
            Results = results,
        };
        output.Finish(document, console =>
        {
            foreach (var (source, metrics) in results)
                MetricTable.Draw(
                    console,
                    metrics,
                    $"{source}: {data}, {(part == EvaluationSplit.All ? All : HeldOut)}",
                    parts: true);
            console.Line($"{document.Images} images of {document.Patients} patients");
        });
        return ExitCode.Done;
    }
}

using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Tasks;

namespace Marrow.Prediction;

/// <summary>Says which samples of a data set are measured.</summary>
internal enum EvaluationSplit
{
    /// <summary>The samples that the checkpoint never saw, by the division that is stored with it.</summary>
    HeldOut,
    All,
}

/// <summary>
/// The images on which a checkpoint is measured. The held-out part is the one that the checkpoint itself held out. It
/// is found by the images that are recorded with the checkpoint, or otherwise by repeating its division, which gives
/// the same part only when the files are the same. Changed files are reported, or refused when it is unknown which of
/// them were held out. A warning tells when the lineage was trained on any of the measured images.
/// </summary>
internal sealed record EvaluationSamples
{
    public EvaluationSamples(Dataset dataset, IReadOnlyList<Sample> samples) =>
        (Dataset, Samples) = (dataset, samples);

    public Dataset Dataset { get; }
    public IReadOnlyList<Sample> Samples { get; }

    /// <summary>One sentence for each reason why the numbers may mislead; empty when there is none.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <param name="change">
    /// Changes how the data is read, compared with training; null to read it in the same way.
    /// </param>
    /// <param name="hub">The hub in which ancestors are looked up; null to ignore what they were trained on.</param>
    public static EvaluationSamples Select(
        Checkpoint checkpoint,
        string name,
        string root,
        EvaluationSplit split,
        string? format = null,
        Func<DatasetOptions, DatasetOptions>? change = null,
        LocalHub? hub = null)
    {
        if (!checkpoint.WeightsOnly && checkpoint.Config.IsOwnModule)
            throw MarrowException.Bad(
                checkpoint.Name,
                $"a task that Marrow measures: {string.Join(", ", CheckpointTask.All)}",
                $"the task {checkpoint.Config.Task}, a module of its maker's own",
                "Measure it with its maker's program.");
        var divided = checkpoint.Parents.Datasets.Where(d => d.Use is not null).ToList();
        var trained = divided.FirstOrDefault(d => d.Name == name) ?? divided.FirstOrDefault();
        var use = trained?.Use;
        var known = format is null || format == use?.Format;
        var options = known && use is not null ? use.Options : TaskLabels.OptionsFor(format, checkpoint.Config);
        var dataset = DatasetCatalogue.Open(
            new()
            {
                Name = name,
                Format = format
                    ?? use?.Format
                    ?? throw new MarrowException(
                        $"{checkpoint.Name}: does not say how its data was read. Give --format."),
                Root = root,
                Options = change is null ? options : change(options),
            }
        );
        if (known && use is not null)
            dataset = use.GroupsOf(dataset).Join(dataset);
        var labelled = Labelled(checkpoint, dataset);
        EvaluationSamples selected;
        if (split == EvaluationSplit.All)
            selected = new(dataset: dataset, samples: labelled);
        else if (!known || use is null || use.HeldOut == 0)
            throw new MarrowException(
                $"{checkpoint.Name}: "
                    + (use is { HeldOut: 0 } ? "was trained on all of its data" : "does not say what was held out")
                    + ". Measure on other data with --split all, or cross-validate its recipe with marrow experiment "
                    + "--folds.");
        else
            selected = HeldOut(checkpoint, trained!, use, dataset, labelled);
        return hub is null
            ? selected
            : selected with
            {
                Warnings = [.. selected.Warnings, .. Seen(checkpoint, name, dataset, selected.Samples, hub)],
            };
    }

    /// <summary>
    /// Returns the labelled samples. Throws <see cref="MarrowException"/> when the checkpoint's outputs differ from
    /// those of the data, and when no sample is labelled.
    /// </summary>
    private static List<Sample> Labelled(Checkpoint checkpoint, Dataset dataset)
    {
        var config = checkpoint.Config;
        const string remedy =
            "Read the data as it was read for training: name it as the checkpoint does, or give --format.";
        var task = TaskCatalogue.Find(config.Task);
        if (task is { LearnsFromMasks: true } && !dataset.MaskClasses.SequenceEqual(config.Classes))
            throw MarrowException.Bad(
                dataset.Root,
                $"masks of {checkpoint.Name}'s classes: {string.Join(", ", config.Classes)}",
                dataset.MaskClasses.Count == 0 ? "no masks" : string.Join(", ", dataset.MaskClasses),
                remedy);
        var shown = config.Input.Crop is { } crop ? CroppedSamples.Describe(dataset, crop.Region) : dataset;
        if (task is { HasNamedOutputs: true } && !task.LayoutOf(shown).Names.SequenceEqual(config.Classes))
            throw MarrowException.Bad(
                dataset.Root,
                $"the outputs of {checkpoint.Name}: {string.Join(", ", config.Classes)}",
                task.LayoutOf(shown).Names.Count == 0 ? "none" : string.Join(", ", task.LayoutOf(shown).Names),
                remedy);
        var labelled = dataset
            .Samples.Where(s => CroppedSamples.IsLabelled(s, config.Task, config.Input.Crop?.Region))
            .ToList();
        return labelled.Count > 0
            ? labelled
            : throw MarrowException.Bad(
                dataset.Root,
                $"samples with targets for {config.Task}",
                $"none among {dataset.Samples.Count}",
                "Name labelled data.");
    }

    private static EvaluationSamples HeldOut(
        Checkpoint checkpoint,
        ParentDataset trained,
        DatasetUse use,
        Dataset dataset,
        List<Sample> labelled)
    {
        var digest = PatientSplit.FilesDigest(dataset);
        var same = digest == trained.FilesDigest;
        if (
            checkpoint.Split is not { } recorded
            || recorded.Dataset != trained.Name
            || recorded.FilesDigest != trained.FilesDigest)
        {
            return same
                ? new(
                    dataset: dataset,
                    samples: LabelledSamples
                        .Divide(labelled, checkpoint.Config.Task, use.HeldOut, use.Seed, use.Fold)
                        .HeldOut)
                : throw MarrowException.Bad(
                    dataset.Root,
                    $"the files of {trained.Name} that {checkpoint.Name} was trained on, {Short(trained.FilesDigest)}",
                    $"others, {Short(digest)}, {Text(dataset.Samples.Count)} images",
                    "Of changed files it is not known which it was trained on. Measure on the files as they were, or "
                        + "all of these with --split all: the numbers are then no measure of new images."
                );
        }
        var heldOut = recorded.Among(labelled);
        if (same && heldOut.Count == recorded.Images)
            return new(dataset: dataset, samples: heldOut);
        var difference = same
            ? "the files are those that it was trained on, but their patients or labels have changed"
            : $"the files are others, {Short(digest)}, than those that it was trained on, "
                + $"{Short(recorded.FilesDigest)}";
        if (heldOut.Count == 0)
            throw MarrowException.Bad(
                dataset.Root,
                $"some of the {Text(recorded.Images)} images that {checkpoint.Name} held out, under the same names "
                    + $"and patients",
                "none",
                $"{char.ToUpperInvariant(difference[0])}{difference[1..]}. Measure on the files as they were, or all "
                    + $"of these with --split all."
            );
        var others = labelled.Count - heldOut.Count;
        return new(
            dataset: dataset,
            samples: heldOut)
        {
            Warnings =
            [
                $"{checkpoint.Name}: {difference}. Measured are {Text(heldOut.Count)} of the {Text(recorded.Images)} "
                    + $"images that it held out; the other {Text(others)} images here are left out, since it was "
                    + $"trained on them or does not know them.",
            ],
        };
    }

    /// <summary>Returns what the checkpoint and its ancestors were trained on among the measured images.</summary>
    internal static IEnumerable<string> Seen(
        Checkpoint checkpoint,
        string name,
        Dataset dataset,
        IReadOnlyList<Sample> samples,
        LocalHub hub)
    {
        foreach (var part in new SeenImages(name, dataset).Of(checkpoint, hub))
        {
            var by =
                part.Training.By == "it" ? checkpoint.Name : $"{checkpoint.Name}: {part.Training.By}, an ancestor,";
            var seen = part.Kind == SeenKind.All ? samples.Count : samples.Count(part.Has);
            if (part.Kind == SeenKind.CannotTell)
                yield return $"{by} was trained on data of the name {part.Training.Data.Name}, and which of these "
                    + $"images it saw can't be told: the numbers may be too good.";
            else if (seen > 0)
                yield return $"{by} was trained on {Text(seen)} of these {Text(samples.Count)} images, or "
                    + $"chosen by them: the numbers are no measure of new images.";
            if (part.CopiesAmong(samples, dataset).Count is > 0 and var copied)
                yield return $"{by} was trained on copies of {Text(copied)} of these {Text(samples.Count)} "
                    + $"images, under other names, or chosen by them: its data was divided without looking for copies"
                    + $"{(part.LookedForCopies ? " among these" : "")}, and the numbers may be too good.";
        }
    }

    private static string Short(string digest) =>
        digest.Length == 0 ? "whose digest was not taken" : $"files {Digest.Shorten(digest)}";

    private static string Text(int count) => count.ToString("N0", CultureInfo.InvariantCulture);
}

using System.Globalization;
using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Strip;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// The parts of one stage's data: the training part, a validation part taken from it that chooses the best weights, and
/// the held-out part, which nothing is chosen by. No patient is in two of them.
/// </summary>
internal sealed record StageSamples
{
    /// <summary>The name of the file in a stage's folder that has the division.</summary>
    public const string SplitFile = "split.json";

    /// <summary>
    /// Returns the name of the file in a stage's folder that has the division of the stage or of one of its parts.
    /// </summary>
    public static string SplitFileOf(Stage stage, Stage one) =>
        stage.PartName(one) is { } part ? $"{part}.{SplitFile}" : SplitFile;

    public required Dataset Dataset { get; init; }
    public required PatientSplit Split { get; init; }

    /// <summary>
    /// The images that are trained on: all of <see cref="TrainingPart"/>, or those of some of its patients.
    /// </summary>
    public required IReadOnlyList<Sample> Training { get; init; }

    public required IReadOnlyList<Sample> TrainingPart { get; init; }
    public required IReadOnlyList<Sample> Validation { get; init; }
    public IReadOnlyList<Sample> HeldOut => Split.HeldOut;

    /// <summary>
    /// The images of the training part that are not trained on, since other parts of a stage of several tasks hold out
    /// their patients; empty for a stage of one task.
    /// </summary>
    public IReadOnlyList<Sample> LeftOut { get; init; } = [];

    /// <summary>The patients who are taken for one, since they have copies of the same film.</summary>
    public PatientGroups Groups => Split.Groups;

    /// <summary>
    /// Reads label files, and compares the films unless the recipe or <paramref name="grouping"/> says otherwise.
    /// Throws <see cref="MarrowException"/> when the data can't be read, has no target for the stage's task, too few
    /// patients for its parts, or too few images for one batch.
    /// </summary>
    /// <param name="include">Returns true for samples that may be used; null to use all.</param>
    public static StageSamples Read(
        Recipe recipe,
        Stage stage,
        string root,
        Func<Sample, bool>? include = null,
        StageGrouping? grouping = null)
    {
        var dataset = DatasetCatalogue.Open(
            new()
            {
                Name = stage.Data.Name,
                Format = stage.Data.Format,
                Root = root,
                Options = stage.Data.Options,
            }
        );
        if (include is not null)
            dataset = dataset with { Samples = [.. dataset.Samples.Where(include)] };
        var groups = (grouping ?? new()).Of(stage, dataset);
        return Of(recipe, stage, groups.Join(dataset), groups);
    }

    /// <summary>
    /// Divides a data set that is already open, so that several runs on it read its labels only once.
    /// </summary>
    /// <param name="groups">The patients who are one in this data set.</param>
    public static StageSamples Of(Recipe recipe, Stage stage, Dataset dataset, PatientGroups groups)
    {
        var root = dataset.Root;
        var labelled = dataset
            .Samples.Where(sample => CroppedSamples.IsLabelled(sample, stage.Task, stage.Crop?.Region))
            .ToList();
        if (!TaskCatalogue.Get(stage.Task).CanLearnFrom(labelled))
            throw MarrowException.Bad(
                root,
                $"samples with targets for {stage.Task}",
                $"none among {dataset.Samples.Count}",
                TaskLabels.Remedy(dataset, stage.Task));
        var validation = stage.Data.Validation > 0 ? 1 : 0;
        var parts = recipe.Fold is { } fold
            ? Math.Max(fold.Of, 1 + 1 + validation)
            : 1 + (stage.Data.HeldOut > 0 ? 1 : 0) + validation;
        var patients = PatientSplit.CountPatients(labelled);
        if (patients < parts)
            throw MarrowException.Bad(
                root,
                $"{parts} patients or more, one for each part of the data",
                $"{patients} in {labelled.Count} samples",
                recipe.Fold is null
                    ? "Check the column of patients, or set data.heldOut or data.validation to 0."
                    : "Check the column of patients, or ask for fewer folds.");
        var seeds = RunSeeds.Of(recipe);
        var split = LabelledSamples.Divide(labelled, stage.Task, stage.Data.HeldOut, seeds.HeldOut, recipe.Fold);
        var forTraining = PatientSplit.Create(
            split.Train, stage.Data.Validation, seeds.Validation, SamplePart.Validation);
        var training = LabelSubset.Take(dataset, forTraining.Train, stage.Data, seeds.LabelSubset);
        if (training.Count * CroppedSamples.MostOf(dataset, stage.Crop?.Region) < stage.Train.Batch)
            throw MarrowException.Bad(
                root,
                $"{stage.Train.Batch} or more images to train on, a batch of stage {stage.Name}",
                $"{training.Count}",
                "Lower train.batch, or use more data.");
        return new()
        {
            Dataset = dataset,
            Split = split with { Groups = groups },
            Training = training,
            TrainingPart = forTraining.Train,
            Validation = forTraining.HeldOut,
        };
    }

    /// <summary>
    /// Returns the same parts without the training images of these patients. Throws <see cref="MarrowException"/> when
    /// too few images for a batch are left.
    /// </summary>
    public StageSamples Without(IReadOnlySet<string> patients, Stage stage)
    {
        Sample[] left = [.. Training.Where(s => !patients.Has(s))];
        if (left.Length < stage.Train.Batch)
            throw MarrowException.Bad(
                Dataset.Root,
                $"{stage.Train.Batch} or more images to train on, a batch of stage {stage.Name}",
                $"{left.Length}, and {Training.Count - left.Length} of patients whom other parts hold out",
                "Lower its batch, or use more data.");
        return this with
        {
            Training = left,
            TrainingPart = [.. TrainingPart.Where(s => !patients.Has(s))],
            LeftOut = [.. TrainingPart.Where(patients.Has)],
        };
    }

    /// <summary>Returns the same parts, in which a curve through each image is laid straight.</summary>
    public StageSamples Straightened()
    {
        IReadOnlyList<Sample> training = [.. Training.Select(StripSamples.Of)];
        return this with
        {
            Training = training,
            Validation = [.. Validation.Select(StripSamples.Of)],
            Split = Split with { HeldOut = [.. HeldOut.Select(StripSamples.Of)] },
        };
    }

    /// <summary>
    /// Describes the parts, such as "chests: 18 images to train on, 2 to choose by, 6 held out, by patient".
    /// </summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Dataset.Name}: {Training.Count} images to train on, {Validation.Count} to choose by, {HeldOut.Count} "
                + $"held out, by patient"
                + $"{(LeftOut.Count == 0 ? "" : $"; {LeftOut.Count} left out, whose patients other parts hold out")}");

    /// <summary>
    /// "films: labels.csv: columns are separated by semicolons; 5 faults (3 bad-row dropped, ...)": how label files
    /// were read where that is not a matter of course, and what is wrong; "" where there is nothing to say.
    /// </summary>
    public string Faults
    {
        get
        {
            var faults = Dataset.Faults;
            var kinds = faults.CountBy(fault => $"{fault.Kind} {fault.Action}".TrimEnd())
                .OrderBy(kind => kind.Key, StringComparer.Ordinal)
                .Select(kind => $"{kind.Value} {kind.Key}");
            string[] said =
            [
                .. Dataset.Notes,
                .. faults.Count == 0
                    ? (string[])[]
                    :
                    [
                        $"{faults.Count} faults ({string.Join(", ", kinds)}); marrow data check lists them",
                    ],
            ];
            return said.Length == 0 ? "" : $"{Dataset.Name}: {string.Join("; ", said)}";
        }
    }

    /// <summary>
    /// The images of all parts, decoded and packed; the caller disposes it. Throws <see cref="MarrowException"/> where
    /// a point or a box lies outside its image.
    /// </summary>
    public PackedCache Pack(InputContract input, Action<Progress>? progress, CancellationToken cancellation)
    {
        Sample[] all = [.. Training, .. Validation, .. HeldOut];
        var cache = PackedCache.Open(all, input, cacheFolder: null, progress, cancellation: cancellation);
        try
        {
            PlaceCheck.Require(Dataset, all, cache);
            return cache;
        }
        catch
        {
            cache.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Packs the masks of a task that learns from masks; null for other tasks. The caller disposes them.
    /// </summary>
    public MaskPack? PackMasks(TaskModel task, CancellationToken cancellation) =>
        task.MaskClasses.Count == 0
            ? null
            : MaskPack.Open(
                [.. Training, .. Validation, .. HeldOut],
                task.Input,
                task.MaskClasses.Count,
                cacheFolder: null,
                cancellation);

    /// <summary>
    /// Saves the division. When this run has saved one before, throws <see cref="MarrowException"/> if it differs,
    /// since what was held out must remain so.
    /// </summary>
    public void SaveSplit(string path)
    {
        if (!File.Exists(path))
        {
            Split.Save(path);
            return;
        }
        var before = PatientSplit.Load(path, [.. Split.Train, .. Split.HeldOut]);
        if (!before.HeldOut.Select(s => s.Id).ToHashSet(StringComparer.Ordinal).SetEquals(HeldOut.Select(s => s.Id)))
            throw MarrowException.Bad(
                path,
                "the parts of the data that the run began with",
                "others",
                "The data set has changed: start anew in another folder, by --out.");
    }
}

using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>The data of a stage according to its label files. No image is decoded.</summary>
/// <param name="Data">The samples; of a stage of several tasks those of its first part.</param>
/// <param name="Unlabeled">The images without labels; null when the stage uses none.</param>
internal sealed record StageInputs(StageSamples Data, UnlabeledSamples? Unlabeled)
{
    /// <summary>The samples of each of <see cref="Stage.Each"/>, in that order.</summary>
    public IReadOnlyList<StageSamples> Each { get; private init; } = [Data];

    /// <summary>Returns the same with other samples of the stage's own data set.</summary>
    public StageInputs With(StageSamples data) => new(data, Unlabeled) { Each = [data, .. Each.Skip(1)] };

    /// <summary>
    /// Reads the label files and compares the films. Throws <see cref="MarrowException"/> when the data can't be read
    /// or is too small for the stage.
    /// </summary>
    public static StageInputs Read(RunRequest request, Stage stage, StageGrouping grouping)
    {
        StageSamples[] each =
        [
            .. stage.Each.Select(one => StageSamples.Read(
                request.Recipe, one, request.DataFolders[one.Data.Name], request.Include, grouping)),
        ];
        foreach (var (part, other) in stage.Beside.Zip(each.Skip(1)))
        {
            if (TaskCatalogue.Get(stage.Task).BesideFault(each[0].Dataset, other.Dataset) is var (expected, found))
                throw MarrowException.Bad(
                    other.Dataset.Root, $"{expected}, for stage {stage.Name} learns from it beside its own data", found,
                    $"Correct the data of {part.Name}, or remove it from beside.");
        }
        if (each.Length > 1)
            each = Apart(stage, each, grouping.Watch);
        var data = each[0];
        if (stage.Unlabeled is not { } images)
            return new(data, null) { Each = each };
        return new(data, UnlabeledSamples.Read(
            stage, request.DataFolders[images.Name], data, data.Dataset.Root, request.Include, grouping.Watch));
    }

    /// <summary>
    /// What one data set is measured on the model may not learn from another. So each leaves out the patients of the
    /// others' held-out and validation images.
    /// </summary>
    private static StageSamples[] Apart(Stage stage, IReadOnlyList<StageSamples> each, FilmWatch watch) =>
    [
        .. each.Zip(stage.Each, (data, part) =>
        {
            var patients = new HashSet<string>(StringComparer.Ordinal);
            foreach (var others in each.Where(other => other != data).GroupBy(other => other.Dataset.Root))
            {
                IReadOnlyList<Sample> measured =
                [
                    .. others.SelectMany(other => other.HeldOut.Concat(other.Validation)).DistinctBy(s => s.ImagePath),
                ];
                if (measured.Count > 0)
                    patients.UnionWith(MeasuredPatients.Among(
                        data.Training, data.Dataset.Root, measured, others.Key,
                        others.Any(other => other.Groups.Rule == GroupRule.PatientsAndCopies), watch));
            }
            return patients.Count == 0 ? data : data.Without(patients, part);
        }),
    ];
}

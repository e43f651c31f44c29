using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>The data of a stage according to its label files. No image is decoded.</summary>
/// <param name="Unlabeled">The images without labels; null when the stage uses none.</param>
internal sealed record StageInputs(StageSamples Data, UnlabeledSamples? Unlabeled)
{
    /// <summary>
    /// Reads the label files and compares the films. Throws <see cref="MarrowException"/> when the data can't be read
    /// or is too small for the stage.
    /// </summary>
    public static StageInputs Read(RunRequest request, Stage stage, StageGrouping grouping)
    {
        var root = request.DataFolders[stage.Data.Name];
        var data = StageSamples.Read(request.Recipe, stage, root, request.Include, grouping);
        if (stage.Unlabeled is not { } images)
            return new(data, null);
        return new(data, UnlabeledSamples.Read(
            stage, request.DataFolders[images.Name], data, root, request.Include, grouping.Watch));
    }
}

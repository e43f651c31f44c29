using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>What a stage learns from, as its label files say: no image is decoded.</summary>
/// <param name="Unlabeled">Images without labels; null for a stage that takes none.</param>
internal sealed record StageInputs(StageSamples Data, UnlabeledSamples? Unlabeled)
{
    /// <summary>
    /// Throws <see cref="MarrowException"/> when the data can't be read or is too little for the stage.
    /// </summary>
    public static StageInputs Read(RunRequest request, Stage stage)
    {
        var root = request.DataFolders[stage.Data.Name];
        var data = StageSamples.Read(request.Recipe, stage, root, request.Include);
        return new(data, stage.Unlabeled is null
            ? null
            : UnlabeledSamples.Read(stage, request.DataFolders[stage.Unlabeled.Name], data, root, request.Include));
    }
}

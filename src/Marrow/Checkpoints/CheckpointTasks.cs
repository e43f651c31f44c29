using Marrow.Tasks;

namespace Marrow.Checkpoints;

/// <summary>Builds a checkpoint's model as part of the task for which it was trained.</summary>
internal static class CheckpointTasks
{
    /// <summary>
    /// Builds the task of a checkpoint, with the checkpoint's weights in its model. Golden outputs are verified.
    /// </summary>
    public static TaskModel BuildTask(this Checkpoint checkpoint)
    {
        var config = checkpoint.Config;
        var model = checkpoint.BuildModel(); // first: it tells of a module that only its maker can build
        return TaskCatalogue.Of(config, model, checkpoint.Path);
    }
}

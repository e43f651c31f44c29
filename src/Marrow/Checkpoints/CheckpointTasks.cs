using Marrow.Tasks;

namespace Marrow.Checkpoints;

/// <summary>A checkpoint's weights as what they were trained for.</summary>
internal static class CheckpointTasks
{
    /// <summary>
    /// The task that a checkpoint was trained for, its model with the checkpoint's weights. Golden outputs are
    /// verified.
    /// </summary>
    public static TaskModel BuildTask(this Checkpoint checkpoint)
    {
        var config = checkpoint.Config;
        var model = checkpoint.BuildModel(); // first: it tells of a module that only its maker can build
        return TaskCatalogue.Of(config, model, checkpoint.Path);
    }
}

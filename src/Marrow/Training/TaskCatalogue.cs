using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Models;
using Marrow.Tensors;
using Marrow.Training.Tasks;

namespace Marrow.Training;

/// <summary>Every task by name.</summary>
public static class TaskCatalogue
{
    private sealed record Entry(Func<Stage, InputContract, Dataset, ModelSpec> Spec, Func<ModelSpec, InputContract, IReadOnlyList<string>, bool, TrainingTask> Create);

    private static readonly Dictionary<string, Entry> Tasks = new()
    {
        [StageTask.Classify] = new(
            (stage, input, data) => new() { Architecture = stage.Model, Channels = input.Channels, Outputs = data.Classes.Count },
            (spec, input, classes, exclusive) => new ClassifyTask(spec, input, classes, exclusive)),
    };

    /// <summary>A task with a new model for a stage of a recipe.</summary>
    public static TrainingTask Create(Stage stage, InputContract input, Dataset data)
    {
        var entry = Tasks[stage.Task];
        return entry.Create(entry.Spec(stage, input, data), input, data.Classes, data.ExclusiveClasses);
    }

    /// <summary>The task that a checkpoint was trained for, its model with the checkpoint's weights. Golden outputs are verified.</summary>
    public static TrainingTask Load(Checkpoint checkpoint)
    {
        var config = checkpoint.Config;
        var task = Tasks[config.Task].Create(config.Model, config.Input, config.Classes, config.ExclusiveClasses);
        using var weights = checkpoint.BuildModel();
        ModelWeights.Copy(weights, task.Model);
        return task;
    }
}

using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Detect;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Points;
using Marrow.Tasks.Pretrain;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>Every task. A new one is a folder and a line here.</summary>
internal static class TaskCatalogue
{
    /// <summary>In the order in which they are listed.</summary>
    public static IReadOnlyList<TaskDescriptor> All { get; } =
    [
        new ClassifyDescriptor(),
        new VertebraeDescriptor(),
        new CobbDescriptor(),
        new NumbersDescriptor(),
        new PointsDescriptor(),
        new MasksDescriptor(),
        new DetectDescriptor(),
        new PretrainDescriptor(),
    ];

    /// <summary>The names of those that <paramref name="which"/> picks.</summary>
    internal static IReadOnlyList<string> Names(Func<TaskDescriptor, bool> which) =>
        [.. All.Where(which).Select(task => task.Name)];

    /// <summary>Null where no task has that name, as that of a module of the user's own.</summary>
    public static TaskDescriptor? Find(string name) => All.FirstOrDefault(task => task.Name == name);

    /// <summary>Throws <see cref="MarrowException"/> where no task has that name.</summary>
    public static TaskDescriptor Get(string name) =>
        Find(name)
        ?? throw MarrowException.Bad(
            "task",
            $"one of {string.Join(", ", CheckpointTask.All)}",
            $"'{name}'",
            "Correct it.");

    /// <summary>A task with a new model, whose weights are random.</summary>
    internal static TaskModel Create(string name, ModelRequest model, InputContract input, Dataset data)
    {
        var task = Get(name);
        var spec = task.Spec(model, input, data);
        return task.Create(ModelCatalogue.Create(spec), spec, input, task.LayoutOf(data), task.Decoding);
    }

    /// <summary>A task with a model that is there; it is the task's to dispose.</summary>
    /// <param name="path">Of the config, which errors name.</param>
    internal static TaskModel Of(CheckpointConfig config, Module model, string path) =>
        Get(config.Task).Create(model, config.Model, config.Input, config.Layout, config.ReadDecoding(path));

    /// <summary>The same task with a model of its own, whose weights are random.</summary>
    internal static TaskModel Twin(TaskModel task) => Of(task.Describe(), ModelCatalogue.Create(task.Spec), task.Name);
}

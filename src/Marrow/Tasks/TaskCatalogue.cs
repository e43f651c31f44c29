using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Detect;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Own;
using Marrow.Tasks.Points;
using Marrow.Tasks.Pretrain;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// Every task. A new one is a folder and a line here. A program that uses Marrow as a library adds its own by
/// <see cref="Add"/>.
/// </summary>
public static class TaskCatalogue
{
    private static readonly Lock Adding = new();

    private static volatile IReadOnlyList<TaskDescriptor> _all =
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

    /// <summary>Those of Marrow in the order in which they are listed, then those that were added.</summary>
    internal static IReadOnlyList<TaskDescriptor> All => _all;

    /// <summary>
    /// Adds a task of one's own, for as long as the process lives: recipes then train it under its name, on any
    /// backbone, and its checkpoints are measured and predict like any other. To a process that has not added it, its
    /// checkpoints are modules of somebody's own: they can be listed, verified and started from. Throws
    /// <see cref="ArgumentException"/> for a name that is taken or is none.
    /// </summary>
    public static void Add(OwnTask task)
    {
        var descriptor = new OwnDescriptor(task);
        lock (Adding)
        {
            if (!CheckpointName.IsPart(task.Name)
                || task.Name == CheckpointTask.Custom
                || _all.Any(t => t.Name == task.Name || t.ArchitecturePrefix == descriptor.ArchitecturePrefix))
                throw new ArgumentException(
                    $"Expected a task's name of lower-case letters, digits, '-' and '_' that is not taken; found "
                        + $"'{task.Name}'.",
                    nameof(task));
            _all = [.. _all, descriptor];
        }
    }

    /// <summary>The names of those that <paramref name="which"/> picks.</summary>
    internal static IReadOnlyList<string> Names(Func<TaskDescriptor, bool> which) =>
        [.. All.Where(which).Select(task => task.Name)];

    /// <summary>Null where no task has that name, as that of a module of the user's own.</summary>
    internal static TaskDescriptor? Find(string name) => All.FirstOrDefault(task => task.Name == name);

    /// <summary>Throws <see cref="MarrowException"/> where no task has that name.</summary>
    internal static TaskDescriptor Get(string name) =>
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

using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Detect;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Multitask;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Own;
using Marrow.Tasks.Points;
using Marrow.Tasks.Pretrain;
using Marrow.Tasks.Strip;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>
/// The catalogue of all tasks. A new task of Marrow needs a folder and one line here. A program that uses Marrow as a
/// library adds its own tasks with <see cref="Add"/>.
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
        new StripDescriptor(),
        new MasksDescriptor(),
        new DetectDescriptor(),
        new PretrainDescriptor(),
        new MultitaskDescriptor(),
    ];

    /// <summary>
    /// All tasks: first those of Marrow, in the order in which they are listed, then those that were added.
    /// </summary>
    internal static IReadOnlyList<TaskDescriptor> All => _all;

    /// <summary>
    /// Adds a program's own task for the lifetime of the process. Recipes can then train it under its name on any
    /// backbone, and its checkpoints are measured and used for predictions like any others. A process that has not
    /// added the task treats its checkpoints as a user's own modules: it can list and verify them and start from them.
    /// Throws <see cref="ArgumentException"/> when the name is taken or is not a valid name.
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

    /// <summary>Returns the names of the tasks for which <paramref name="which"/> returns true.</summary>
    internal static IReadOnlyList<string> Names(Func<TaskDescriptor, bool> which) =>
        [.. All.Where(which).Select(task => task.Name)];

    /// <summary>True where every task by which images are cropped to one region finds the other one as well.</summary>
    internal static bool FindsAlso(CropRegion region, CropRegion other) =>
        All.Where(task => task.FindsCrops.Contains(region)).All(task => task.FindsCrops.Contains(other));

    /// <summary>Returns the task of that name; null when there is none, as for a user's own module.</summary>
    internal static TaskDescriptor? Find(string name) => All.FirstOrDefault(task => task.Name == name);

    /// <summary>Returns the task of that name. Throws <see cref="MarrowException"/> when there is none.</summary>
    internal static TaskDescriptor Get(string name) =>
        Find(name)
        ?? throw MarrowException.Bad(
            "task",
            $"one of {string.Join(", ", CheckpointTask.All)}",
            $"'{name}'",
            "Correct it.");

    /// <summary>Creates a task with a new model, whose weights are random.</summary>
    internal static TaskModel Create(string name, ModelRequest model, InputContract input, Dataset data)
    {
        var task = Get(name);
        var spec = task.Spec(model, input, data);
        return task.Create(ModelCatalogue.Create(spec), spec, input, task.LayoutOf(data), task.Decoding);
    }

    /// <summary>Creates a task with an existing model, which the task disposes.</summary>
    /// <param name="path">The path of the config, for error messages.</param>
    internal static TaskModel Of(CheckpointConfig config, Module model, string path)
    {
        var task = Get(config.Task).Create(model, config, path);
        task.Familiarity = config.Familiarity;
        return task;
    }

    /// <summary>Creates a second instance of a task, with a model of its own whose weights are random.</summary>
    internal static TaskModel Twin(TaskModel task) => Of(task.Describe(), ModelCatalogue.Create(task.Spec), task.Name);
}

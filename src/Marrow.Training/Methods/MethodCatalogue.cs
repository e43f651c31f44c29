using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Training.Recipes;

namespace Marrow.Training.Methods;

/// <summary>
/// A stage's method by the sections that its recipe has. A new one: one file, one section, one line here.
/// </summary>
internal static class MethodCatalogue
{
    /// <summary>Of a stage without unlabelled images.</summary>
    public static TrainingMethod Create(Stage stage, TaskModel task, DeviceChoice device) =>
        new Supervised(task, ComputeOf(stage, device));

    /// <param name="labelled">The images with labels, by whose spread the answers for the others are judged.</param>
    /// <param name="masks">Their masks; null of a task without.</param>
    /// <param name="unlabeled">Gives plain images too; it stays the caller's.</param>
    public static TrainingMethod Create(
        Stage stage,
        TaskModel task,
        DeviceChoice device,
        IReadOnlyList<Sample> labelled,
        PackedCache cache,
        MaskPack? masks,
        BatchLoader unlabeled)
    {
        var (compute, accumulate) = (ComputeOf(stage, device), stage.Train.Accumulate);
        if (stage.Teacher is { } teacher)
            return new MeanTeacher(
                task,
                compute,
                stage.Name,
                teacher,
                unlabeled,
                accumulate,
                Signatures((ITeacherTask)task, task.Input, labelled, cache, masks));
        return new Uda(
            task,
            compute,
            stage.Name,
            stage.Uda!,
            unlabeled,
            accumulate,
            [.. labelled.Select(((IConsistentTask)task).Signature)]);
    }

    private static IReadOnlyList<double[]> Signatures(
        ITeacherTask task,
        InputContract input,
        IReadOnlyList<Sample> samples,
        PackedCache cache,
        MaskPack? masks)
    {
        var renderer = masks?.Renderer();
        var mask = new byte[masks is null ? 0 : input.Width * input.Height];
        return [.. samples.Select(sample =>
        {
            var index = cache.IndexOf(sample);
            renderer?.Render(new(sample, cache.ToInput(index), Targets.None), null, mask);
            var (width, height) = cache.OriginalSize(index);
            return task.Signature(sample, width, height, mask);
        })];
    }

    private static Compute ComputeOf(Stage stage, DeviceChoice device) =>
        Compute.Choose(stage.Train.Precision, stage.Train.ChannelsLast, device);
}

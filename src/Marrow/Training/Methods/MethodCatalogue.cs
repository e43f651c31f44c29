using Marrow.Tensors;

namespace Marrow.Training.Methods;

/// <summary>A stage's method by the sections that its recipe has. A new one: one file, one section, one line here.</summary>
internal static class MethodCatalogue
{
    /// <summary>Of a stage without unlabelled images.</summary>
    public static TrainingMethod Create(Stage stage, TrainingTask task) => new Supervised(task, ComputeOf(stage));

    /// <param name="labelled">The images with labels, by whose spread the answers for the others are judged.</param>
    /// <param name="unlabeled">Gives plain images too; it stays the caller's.</param>
    public static TrainingMethod Create(Stage stage, TrainingTask task, StageSamples labelled, PackedCache cache, BatchLoader unlabeled)
    {
        var (compute, accumulate) = (ComputeOf(stage), stage.Train.Accumulate);
        if (stage.Teacher is { } teacher)
        {
            var labels = labelled.Training.Select(sample => cache.OriginalSize(cache.IndexOf(sample)) is var (width, height)
                ? ((ITeacherTask)task).Signature(sample, width, height) : []);
            return new MeanTeacher(task, compute, stage.Name, teacher, unlabeled, accumulate, [.. labels]);
        }
        return new Uda(task, compute, stage.Name, stage.Uda!, unlabeled, accumulate, [.. labelled.Training.Select(((IConsistentTask)task).Signature)]);
    }

    private static Compute ComputeOf(Stage stage) => Compute.Choose(stage.Train.Precision, stage.Train.ChannelsLast);
}

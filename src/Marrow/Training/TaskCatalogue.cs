using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Models;
using Marrow.Tensors;
using Marrow.Training.Tasks;
using static TorchSharp.torch.nn;

namespace Marrow.Training;

/// <summary>Every task by name.</summary>
public static class TaskCatalogue
{
    private delegate TrainingTask Constructor(Module model, ModelSpec spec, InputContract input, ClassLayout classes);

    private sealed record Entry(Func<Stage, InputContract, Dataset, ModelSpec> Spec, Constructor Create);

    private static readonly Dictionary<string, Entry> Tasks = new()
    {
        [CheckpointTask.Classify] = new(
            (stage, input, data) => new() { Architecture = stage.Model, Channels = input.Channels, Outputs = data.Classes.Count },
            (model, spec, input, classes) => new ClassifyTask((DenseNet)model, spec, input, classes)),
        [CheckpointTask.DetectVertebrae] = new(
            (stage, input, _) => new()
            {
                Architecture = stage.Model,
                Channels = input.Channels,
                Detector = (stage.Detector ?? new()).ApplyTo(DetectorSpec.Vertebrae(input.Width, input.Height)),
            },
            (model, spec, input, _) => new DetectVertebraeTask((RetinaNet)model, spec, input)),
        [CheckpointTask.RegressCobb] = new(
            (stage, input, _) => new() { Architecture = stage.Model, Channels = input.Channels, Outputs = 3 },
            (model, spec, input, _) => new RegressCobbTask((CobbRegressor)model, spec, input)),
        [CheckpointTask.Regress] = new(
            (stage, input, data) => new() { Architecture = stage.Model, Channels = input.Channels, Outputs = data.Layout.Names.Count },
            (model, spec, input, numbers) => new RegressTask((NumberRegressor)model, spec, input, numbers)),
        [CheckpointTask.Points] = new(
            (stage, input, data) => new() { Architecture = stage.Model, Channels = input.Channels, Outputs = data.Layout.Names.Count },
            (model, spec, input, points) => new PointsTask((PointLocator)model, spec, input, points)),
        [CheckpointTask.Segment] = new(
            (stage, input, data) => new() { Architecture = stage.Model, Channels = input.Channels, Outputs = SegmentationNet.OutputsFor(data.MaskClasses.Count) },
            (model, spec, input, classes) => new SegmentTask((SegmentationNet)model, spec, input, classes)),
        [CheckpointTask.Pretrain] = new(
            (stage, input, _) => new() { Architecture = stage.Model, Channels = input.Channels, Masking = stage.Pretrain ?? new() },
            (model, spec, input, _) => new PretrainTask((MaskedAutoencoder)model, spec, input)),
    };

    /// <summary>A task with a new model for a stage of a recipe.</summary>
    public static TrainingTask Create(Stage stage, InputContract input, Dataset data)
    {
        var entry = Tasks[stage.Task];
        var spec = entry.Spec(stage, input, data);
        return entry.Create(ModelCatalogue.Create(spec), spec, input, stage.Task == CheckpointTask.Segment ? new(data.MaskClasses, data.MaskClasses.Count > 1, []) : data.Layout);
    }

    /// <summary>The same task with a model of its own, whose weights are random.</summary>
    internal static TrainingTask Twin(TrainingTask task) =>
        Tasks[task.Name].Create(ModelCatalogue.Create(task.Spec), task.Spec, task.Input, task.Describe().Layout);

    /// <summary>The task that a checkpoint was trained for, its model with the checkpoint's weights. Golden outputs are verified.</summary>
    public static TrainingTask Load(Checkpoint checkpoint)
    {
        var config = checkpoint.Config;
        var model = checkpoint.BuildModel(); // first: it tells of a module that only its maker can build
        return Tasks[config.Task].Create(model, config.Model, config.Input, config.Layout);
    }
}

using Marrow.Backbones;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Modules;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Points;
using Marrow.Tasks.Pretrain;
using Marrow.Tasks.Vertebrae;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>Every task by name.</summary>
public static class TaskCatalogue
{
    private delegate TaskModel Constructor(Module model, ModelSpec spec, InputContract input, ClassLayout classes);

    private sealed record Entry(Func<ModelRequest, InputContract, Dataset, ModelSpec> Spec, Constructor Create);

    private static readonly Dictionary<string, Entry> Tasks = new()
    {
        [CheckpointTask.Classify] = new(
            (model, input, data) => new() { Architecture = model.Architecture, Channels = input.Channels, Outputs = data.Classes.Count },
            (model, spec, input, classes) => new ClassifyTask((DenseNet)model, spec, input, classes)),
        [CheckpointTask.DetectVertebrae] = new(
            (model, input, _) => new()
            {
                Architecture = model.Architecture,
                Channels = input.Channels,
                Detector = model.ChangeDetector(DetectorSpec.Vertebrae(input.Width, input.Height)),
            },
            (model, spec, input, _) => new DetectVertebraeTask((RetinaNet)model, spec, input)),
        [CheckpointTask.RegressCobb] = new(
            (model, input, _) => new() { Architecture = model.Architecture, Channels = input.Channels, Outputs = 3 },
            (model, spec, input, _) => new RegressCobbTask((CobbRegressor)model, spec, input)),
        [CheckpointTask.Regress] = new(
            (model, input, data) => new() { Architecture = model.Architecture, Channels = input.Channels, Outputs = data.Layout.Names.Count },
            (model, spec, input, numbers) => new RegressTask((NumberRegressor)model, spec, input, numbers)),
        [CheckpointTask.Points] = new(
            (model, input, data) => new() { Architecture = model.Architecture, Channels = input.Channels, Outputs = data.Layout.Names.Count },
            (model, spec, input, points) => new PointsTask((PointLocator)model, spec, input, points)),
        [CheckpointTask.Segment] = new(
            (model, input, data) => new() { Architecture = model.Architecture, Channels = input.Channels, Outputs = SegmentationNet.OutputsFor(data.MaskClasses.Count) },
            (model, spec, input, classes) => new SegmentTask((SegmentationNet)model, spec, input, classes)),
        [CheckpointTask.Pretrain] = new(
            (model, input, _) => new() { Architecture = model.Architecture, Channels = input.Channels, Masking = model.Masking ?? new() },
            (model, spec, input, _) => new PretrainTask((MaskedAutoencoder)model, spec, input)),
    };

    /// <summary>A task with a new model, whose weights are random.</summary>
    internal static TaskModel Create(string task, ModelRequest model, InputContract input, Dataset data)
    {
        var entry = Tasks[task];
        var spec = entry.Spec(model, input, data);
        return Of(task, ModelCatalogue.Create(spec), spec, input, task == CheckpointTask.Segment ? new(data.MaskClasses, data.MaskClasses.Count > 1, []) : data.Layout);
    }

    /// <summary>A task with a model that is there; it is the task's to dispose.</summary>
    internal static TaskModel Of(string task, Module model, ModelSpec spec, InputContract input, ClassLayout layout) => Tasks[task].Create(model, spec, input, layout);

    /// <summary>The same task with a model of its own, whose weights are random.</summary>
    internal static TaskModel Twin(TaskModel task) =>
        Tasks[task.Name].Create(ModelCatalogue.Create(task.Spec), task.Spec, task.Input, task.Describe().Layout);
}

/// <summary>What a recipe says of the model of a stage.</summary>
internal sealed record ModelRequest(string Architecture)
{
    /// <summary>What differs from the detector that suits the input.</summary>
    public Func<DetectorSpec, DetectorSpec> ChangeDetector { get; init; } = detector => detector;

    /// <summary>What is hidden while pretraining; null for the default.</summary>
    public MaskingSpec? Masking { get; init; }
}

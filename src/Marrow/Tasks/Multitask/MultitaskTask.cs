using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Metrics;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Multitask;

/// <summary>One part of a model of several tasks.</summary>
/// <param name="Task">The task of the part, on the shared backbone. It belongs to the whole.</param>
internal sealed record TaskPart(string Name, TaskModel Task)
{
    /// <summary>
    /// Returns losses under the part's name, such as "fracture.class"; as they are where it has none.
    /// </summary>
    public IReadOnlyList<(string Name, Tensor Value)> Named(IReadOnlyList<(string Name, Tensor Value)> losses) =>
        Name.Length == 0
            ? losses
            : [.. losses.Select(loss => (MetricCatalogue.OfPart(Name, loss.Name), loss.Value))];

    /// <summary>Measures the part and returns the metrics under its name, such as "fracture.auroc".</summary>
    public IReadOnlyList<MetricValue> Measure(BatchLoader loader, Compute compute, BootstrapOptions bootstrap) =>
        [
            .. Task.Measure(loader, compute, bootstrap)
                .Select(metric => metric.Named(MetricCatalogue.OfPart(Name, metric.Name))),
        ];
}

/// <summary>
/// Several tasks on one backbone. Each part is an ordinary task with a model of its own, which only lacks a backbone of
/// its own: it has its own images, loss, decoding and metrics. A step of the training adds up the gradients of all
/// parts.
/// </summary>
internal sealed class MultitaskTask : TaskModel
{
    private readonly MultitaskNet _model;

    /// <param name="model">The model, which the task owns from then on.</param>
    /// <param name="input">The input of the first part, by which the checkpoint is described.</param>
    /// <param name="parts">The tasks of the model's parts, in their order.</param>
    public MultitaskTask(
        MultitaskNet model, ModelSpec spec, InputContract input, IReadOnlyList<TaskPart> parts) : base(spec, input) =>
        (_model, Parts) = (model, parts);

    public IReadOnlyList<TaskPart> Parts { get; }

    public override string Name => MultitaskDescriptor.TaskName;

    public override string Purpose =>
        "several tasks on one backbone ("
        + string.Join("; ", Parts.Select(part => $"{part.Name}: {part.Task.Purpose}"))
        + ")";

    public override string Limits =>
        "A starting point for other tasks first of all. "
        + string.Join(' ', Parts.Select(part => part.Task.Limits).Distinct(StringComparer.Ordinal));

    public override Module Model => _model;

    /// <summary>Creates a task with a new model, whose weights are random.</summary>
    /// <param name="architecture">The architecture of the whole.</param>
    /// <param name="parts">
    /// For each part its task, its model, its input, and the data that it learns from; at least one.
    /// </param>
    public static MultitaskTask Create(
        string architecture,
        IReadOnlyList<(string Name, string Task, ModelRequest Model, InputContract Input, Dataset Data)> parts)
    {
        PartSpec[] specs =
        [
            .. parts.Select(part =>
                new PartSpec(part.Name, TaskCatalogue.Get(part.Task).Spec(part.Model, part.Input, part.Data))),
        ];
        var spec = new ModelSpec
        {
            Architecture = architecture,
            Channels = parts[0].Input.Channels,
            Outputs = specs.Sum(part => part.Model.Outputs),
            Parts = specs,
        };
        var model = (MultitaskNet)ModelCatalogue.Create(spec);
        return new(model, spec, parts[0].Input,
        [
            .. parts.Index().Select(part =>
            {
                var task = TaskCatalogue.Get(part.Item.Task);
                return new TaskPart(part.Item.Name, task.Create(
                    model.Parts[part.Index].Module, specs[part.Index].Model, part.Item.Input,
                    task.LayoutOf(part.Item.Data), task.Decoding));
            }),
        ]);
    }

    public override CheckpointConfig Describe()
    {
        PartConfig[] parts = [.. Parts.Select(part => PartConfig.Of(part.Name, part.Task.Describe()))];
        return new()
        {
            Model = Spec,
            Task = Name,
            Input = Input,
            Parts = parts,
            Outputs = [.. parts.SelectMany(part => part.Outputs.Select(output =>
                output with { Name = MetricCatalogue.OfPart(part.Name, output.Name) }))],
        };
    }

    /// <summary>Returns the loss of a batch of the first part; the others have batches of their own.</summary>
    public override IReadOnlyList<(string Name, Tensor Value)> Loss(Tensor images, Batch batch, Compute compute) =>
        Parts.Count == 0 ? [] : Parts[0].Named(Parts[0].Task.Loss(images, batch, compute));

    /// <summary>Measures the first part; the others have images of their own.</summary>
    public override IReadOnlyList<MetricValue> Measure(
        BatchLoader loader, Compute compute, BootstrapOptions bootstrap) =>
        Parts.Count == 0 ? [] : Parts[0].Measure(loader, compute, bootstrap);
}

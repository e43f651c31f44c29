using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Tasks.Multitask;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Predicts with a checkpoint of several tasks: one finding, in which each part that can read an image by itself says
/// what it sees under its own name. Each part prepares the image for itself.
/// </summary>
internal sealed class PartsPredictor : IPredictor
{
    private readonly MultitaskTask _task;
    private readonly IReadOnlyList<(TaskPart Part, ITaskReading Reading)> _readers;
    private readonly Compute _compute;
    private readonly string _checkpoint;

    /// <summary>
    /// Loads and verifies the checkpoint. Throws <see cref="MarrowException"/> when none of its parts can read an image
    /// by itself.
    /// </summary>
    public PartsPredictor(Checkpoint checkpoint, Compute? compute = null)
    {
        _task = (MultitaskTask)checkpoint.BuildTask();
        try
        {
            var outputs = checkpoint.Config.PartConfigs.ToDictionary(part => part.Name, part => part.Config.Outputs);
            _readers =
            [
                .. _task.Parts
                    .Select(part => (part, Reading: part.Task.Reading(outputs[part.Name])))
                    .Where(reader => reader.Reading is not null)
                    .Select(reader => (reader.part, reader.Reading!)),
            ];
            if (_readers.Count == 0)
                throw MarrowException.Bad(
                    checkpoint.Name,
                    "a checkpoint that finds something by itself",
                    $"one whose parts do not: {string.Join(", ", _task.Parts.Select(part => part.Name))}",
                    "Name another with --checkpoint.");
            _compute = compute ?? Compute.Choose();
            _compute.ArrangeForInference(_task.Model);
            Untrained =
            [
                .. _readers.SelectMany(reader => outputs[reader.Part.Name]
                    .Where(output => !output.Trained)
                    .Select(output => MetricCatalogue.OfPart(reader.Part.Name, output.Name))),
            ];
        }
        catch
        {
            _task.Dispose();
            throw;
        }
        _checkpoint = checkpoint.Name;
        Checkpoints = [new(checkpoint.Config.Task, checkpoint.Name, checkpoint.Digest)];
    }

    public IReadOnlyList<string> Columns =>
        [.. _readers.SelectMany(r => r.Reading.Columns.Select(column => MetricCatalogue.OfPart(r.Part.Name, column)))];

    public IReadOnlyList<string> Untrained { get; }

    public IReadOnlyList<string?> Masks =>
        [.. _readers.Where(r => r.Reading.Nothing.OfType<RegionsPart>().Any()).Select(r => r.Part.Name)];

    public IReadOnlyList<CheckpointUse> Checkpoints { get; }

    /// <summary>The size that is large enough for every part.</summary>
    public (int Width, int Height) DecodeSize
    {
        get
        {
            var sizes = _readers.Select(r => r.Part.Task.Input.DecodeSize).ToList();
            return sizes.Exists(size => size.Width == 0) ? (0, 0) : (sizes.Max(s => s.Width), sizes.Max(s => s.Height));
        }
    }

    public IReadOnlyList<string> Explainable => [];

    public void RequireExplainable(IReadOnlyList<string> names) => throw MarrowException.Bad(
        _checkpoint,
        "a checkpoint of one task, to explain",
        $"one for {_task.Name}",
        $"Ask for no explanation. {TaskCatalogue.Get(_task.Name).InsteadOfExplanation}");

    public Finding Predict(Radiograph radiograph, PredictionOptions options = default)
    {
        var whole = new Finding(
            file: radiograph.Source, width: radiograph.OriginalWidth, height: radiograph.OriginalHeight)
        {
            Warnings = radiograph.Warnings,
            Checkpoints = Checkpoints,
        };
        foreach (var (part, reading) in _readers)
        {
            var found = Read(part, reading, radiograph);
            whole = new(whole)
            {
                Status = found.Status > whole.Status ? found.Status : whole.Status,
                Warnings = [.. whole.Warnings, .. found.Warnings.Select(warning => $"{part.Name}: {warning}")],
                Parts = [.. whole.Parts, .. found.Parts.Select(said => said.Under(part.Name))],
            };
        }
        return whole;
    }

    public Finding Failed(string file, string reason) => Finding.Failed(
        file, reason, [.. _readers.SelectMany(r => r.Reading.Nothing.Select(part => part.Under(r.Part.Name)))]);

    public void Dispose() => _task.Dispose();

    /// <summary>Returns what one part says of an image, with its own warnings alone.</summary>
    private Finding Read(TaskPart part, ITaskReading reading, Radiograph radiograph)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var packed = Preprocessor.Prepare(radiograph, part.Task.Input);
        var image = _compute.Arrange(Preprocessor.ToTensor([packed], part.Task.Input));
        var about = new Finding(
            file: radiograph.Source, width: radiograph.OriginalWidth, height: radiograph.OriginalHeight);
        return reading.Read(image, packed.ToInput, about, _compute);
    }
}

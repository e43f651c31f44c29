using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Metrics;
using Marrow.Tasks.Multitask;

namespace Marrow.Prediction;

/// <summary>
/// Measures a checkpoint of several tasks: each part that learnt from the data set that is given, on what that part
/// held out.
/// </summary>
internal sealed class PartsEvaluation
{
    private readonly EvaluationRequest _request;
    private readonly Checkpoint _checkpoint;
    private readonly IReadOnlyList<(string Part, EvaluationSamples Selected)> _parts;

    /// <summary>
    /// Reads the data and chooses the images. Throws <see cref="MarrowException"/> when no part learnt from data of
    /// this name, and as <see cref="EvaluationSamples.Select"/> does.
    /// </summary>
    public PartsEvaluation(EvaluationRequest request, Checkpoint checkpoint)
    {
        (_request, _checkpoint) = (request, checkpoint);
        var data = checkpoint.Parents.Datasets.Where(d => d.Part is not null).ToList();
        _parts =
        [
            .. from part in checkpoint.Config.PartConfigs
               where data.Exists(d => d.Part == part.Name && d.Name == request.Data)
               select (part.Name, EvaluationSamples.Select(
                   checkpoint.OfPart(part.Name, part.Config), request.Data, request.Root, request.Split,
                   request.Format, request.Change)),
        ];
        if (_parts.Count == 0)
            throw MarrowException.Bad(
                checkpoint.Name,
                $"the name of data that one of its parts learnt from: "
                    + string.Join(", ", data.Select(d => d.Name).Distinct(StringComparer.Ordinal)),
                $"'{request.Data}'",
                "Name the data as the checkpoint does; other data is read with --format, under such a name.");
        Samples = [.. _parts.SelectMany(part => part.Selected.Samples).DistinctBy(s => s.Id, StringComparer.Ordinal)];
        Warnings =
        [
            .. _parts.SelectMany(part => part.Selected.Warnings),
            .. _parts.SelectMany(part => EvaluationSamples.Seen(
                checkpoint, request.Data, part.Selected.Dataset, part.Selected.Samples, request.Hub)),
        ];
    }

    /// <summary>The checkpoint of several tasks that a request names alone; null for all other requests.</summary>
    public static Checkpoint? Of(EvaluationRequest request) =>
        request.Checkpoints is [{ WeightsOnly: false } only] && only.Config.PartConfigs.Count > 0 ? only : null;

    /// <summary>The images of all parts, each once.</summary>
    public IReadOnlyList<Sample> Samples { get; }

    /// <summary>One sentence for each reason why the numbers may mislead; empty when there is none.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>Returns the metrics of each part by the part's name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> Measure(
        Action<Progress>? progress, CancellationToken cancellation)
    {
        using var whole = (MultitaskTask)_checkpoint.BuildTask();
        var compute = Compute.Choose(device: _request.Device);
        compute.ArrangeForInference(whole.Model);
        return _parts.ToDictionary(
            part => part.Part,
            part => CheckpointMetrics.Measure(
                whole.Parts.First(built => built.Name == part.Part).Task, part.Selected.Samples, compute,
                new() { Cancellation = cancellation }, progress, fast: _request.Fast));
    }
}

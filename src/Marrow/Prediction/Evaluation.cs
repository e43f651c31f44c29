using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Metrics;

namespace Marrow.Prediction;

/// <summary>Measures checkpoints on labelled images, with bootstrap intervals over patients.</summary>
public sealed class Evaluation
{
    private readonly EvaluationRequest _request;
    private readonly IReadOnlyList<Sample> _samples;
    private readonly PartsEvaluation? _parts;

    /// <summary>
    /// Reads the data and chooses the images, without measuring anything yet. Throws <see cref="MarrowException"/> when
    /// the outputs of the checkpoints differ from those of the data, when it is unknown which images they held out, and
    /// when they held out different images.
    /// </summary>
    public Evaluation(EvaluationRequest request)
    {
        _request = request;
        if (PartsEvaluation.Of(request) is { } several)
        {
            _parts = new(request, several);
            (_samples, Warnings) = (_parts.Samples, [.. _parts.Warnings.Distinct()]);
            return;
        }
        var selected = request.Checkpoints
            .Select(c => EvaluationSamples.Select(
                c, request.Data, request.Root, request.Split, request.Format, request.Change, request.Hub))
            .ToList();
        var each = selected.Select(s => s.Samples).ToList();
        if (each.Any(samples => !samples.Select(s => s.Id).ToHashSet().SetEquals(each[0].Select(s => s.Id))))
            throw new MarrowException(
                $"{string.Join(" and ", request.Checkpoints.Select(c => c.Name))}: other images were held out from one "
                    + $"than from the other. Measure them one by one."
            );
        _samples = each[0];
        Warnings = [.. selected.SelectMany(s => s.Warnings).Distinct()];
    }

    /// <summary>One sentence for each reason why the numbers may mislead; empty when there is none.</summary>
    public IReadOnlyList<string> Warnings { get; }

    /// <summary>
    /// The checkpoint whose own task is measured, by itself or with the first look by which it crops; null where
    /// several measure a spine.
    /// </summary>
    private Checkpoint? Alone => _request.Checkpoints is [var one]
        ? one
        : RefinedPointsPredictor.Among(_request.Checkpoints);

    /// <summary>
    /// Runs the models on the images and measures them. Throws <see cref="MarrowException"/> when the hub lacks a
    /// checkpoint by which another crops its images, and when the device can't be used.
    /// </summary>
    public EvaluationResult Measure(Action<Progress>? progress = null, CancellationToken cancellation = default)
    {
        var checkpoints = _request.Checkpoints.ToList();
        int? refused = null;
        try
        {
            PredictorSet.Complete(checkpoints, _request.Hub);
            ProcessThreads.Current?.Apply();
            var metrics = Measured();
            return new(_request, checkpoints, _samples, Warnings, metrics, refused);
        }
        finally
        {
            checkpoints.Except(_request.Checkpoints).ToList().ForEach(detector => detector.Dispose());
        }

        void Tell(Progress at) => progress?.Invoke(at with { What = _request.Data });

        IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> Measured() =>
            _parts is not null ? _parts.Measure(Tell, cancellation)
            : Alone is { } one
                ? new Dictionary<string, IReadOnlyList<MetricValue>>
                {
                    [one.Config.Task] = CheckpointMetrics.Measure(
                        one, _samples, progress: Tell, cancellation: cancellation,
                        first: checkpoints.FirstOrDefault(c => c != one), device: _request.Device,
                        refused: count => refused = count, fast: _request.Fast),
                }
                : CheckpointMetrics.MeasureSpine(
                    checkpoints, _samples, progress: Tell, cancellation: cancellation, device: _request.Device,
                    refused: count => refused = count, fast: _request.Fast);
    }
}

/// <summary>The measurements of an <see cref="Evaluation"/>.</summary>
public sealed class EvaluationResult
{
    internal EvaluationResult(
        EvaluationRequest request, IReadOnlyList<Checkpoint> checkpoints, IReadOnlyList<Sample> samples,
        IReadOnlyList<string> warnings, IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> metrics, int? refused)
    {
        (Metrics, Refused) = (metrics, refused);
        var document = new
        {
            Checkpoints = checkpoints.Select(c => new { c.Name, c.Digest }).ToList(),
            request.Data,
            request.Split,
            request.Fast,
            Images = samples.Count,
            Patients = PatientSplit.CountPatients(samples),
            Refused = refused,
            Warnings = warnings,
            Results = metrics,
        };
        var part = (request.All ? "all" : "held-out") + (request.Fast ? ", fast" : "");
        Report = new(
            document,
            [
                .. metrics.Select(m => MetricTable.Of(m.Value, $"{m.Key}: {request.Data}, {part}", parts: true)),
                ReportPart.Line(string.Create(
                    CultureInfo.InvariantCulture, $"{document.Images} images of {document.Patients} patients")),
                .. refused is null
                    ? (ReportPart[])[]
                    :
                    [
                        ReportPart.Line(string.Create(
                            CultureInfo.InvariantCulture,
                            $"all are measured; marrow predict would refuse {refused} of them")),
                    ],
            ]);
    }

    /// <summary>
    /// The metrics by name of what was measured. For a single checkpoint the name is that of its task, for one of
    /// several tasks that of each part that was measured. For checkpoints that measure a spine together it says where
    /// the angles come from: "landmarks", "expected", "regressor" or "fused".
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<MetricValue>> Metrics { get; }

    /// <summary>
    /// How many of the images a prediction would refuse, all of which are measured here; null for checkpoints that
    /// refuse none.
    /// </summary>
    public int? Refused { get; }

    /// <summary>One table for each entry of <see cref="Metrics"/>, with the intervals.</summary>
    public TextReport Report { get; }
}

using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Metrics;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Training.Loop;

namespace Marrow.Training.Experiments.Folds;

/// <summary>One film, predicted by models that never saw its patient.</summary>
internal sealed record PredictedSpine(FoldPlan Fold, MeasuredFilm Film);

/// <summary>
/// Predicts the films of each fold by the checkpoints in the fold's hub, as a user's prediction from that hub would.
/// </summary>
internal sealed class FoldPrediction(
    CrossValidationRequest request, CrossValidationPlan plan, CrossValidationFolder folder, Action<RunEvent> report)
{
    private readonly List<string> _warnings = [];

    /// <summary>Measures the spine on each film by the fold's detector, regressor and refiner together.</summary>
    public FoldOutcome Spines(CancellationToken cancellation)
    {
        var films = new List<PredictedSpine>();
        IReadOnlyList<MeasuringCheckpoint> measuring = [];
        var alike = true;
        foreach (var fold in plan.Folds)
        {
            var checkpoints = Hub(fold).OpenSpines();
            try
            {
                Look(fold, checkpoints);
                _warnings.AddRange(plan.OfSpines
                    .Where(stage => !checkpoints.Exists(c => c.Name == stage.CheckpointName))
                    .Select(stage => $"{fold.Name}: what stage {stage.Name} made takes no part in the measurement, "
                        + "since it does not go with the detector, or another one of its kind comes first."));
                if (measuring.Count == 0)
                    measuring = [.. checkpoints.Select(MeasuringCheckpoint.Of).OfType<MeasuringCheckpoint>()];
                alike &= MeasuringCheckpoint.Difference(measuring, checkpoints, folder.Of(fold)) is null;
                using var predictor = new SpinePredictor(checkpoints, Compute.Choose(device: request.DeviceChoice));
                films.AddRange(
                    CheckpointMetrics
                        .MeasureEach(predictor, fold.Films, Tell(fold), cancellation, request.Fast)
                        .Select(film => new PredictedSpine(fold, film)));
            }
            finally
            {
                checkpoints.ForEach(c => c.Dispose());
            }
        }
        if (!alike && !request.Fast)
            _warnings.Add(
                "The folds' checkpoints measure in different ways, so no checkpoint can learn intervals from them.");
        var errors = alike && measuring.Count > 0 && !request.Fast
            ? new SpineErrors
            {
                Experiment = plan.Recipe.Name,
                Data = plan.Dataset.Name,
                Folds = plan.Folds.Count,
                Checkpoints = measuring,
                Films = SpineErrors.FilmsOf(films.Select(f => (f.Fold.Fold.Number, f.Film))),
            }
            : null;
        return SpineOutcome.Of(plan, films, errors, _warnings, request.Fast, cancellation);
    }

    /// <summary>Measures the last stage's task on each fold, and predicts each film.</summary>
    public FoldOutcome Others(CancellationToken cancellation)
    {
        var (measured, findings) = (new List<IReadOnlyList<MetricValue>>(), new List<IReadOnlyList<Finding>>());
        IReadOnlyList<string> columns = [];
        foreach (var fold in plan.Folds)
        {
            var hub = Hub(fold);
            var checkpoints = hub.OpenLast();
            try
            {
                Look(fold, checkpoints);
                measured.Add(CheckpointMetrics.Measure(
                    checkpoints[^1],
                    fold.Films,
                    new() { Resamples = 0 },
                    Tell(fold),
                    cancellation,
                    checkpoints.Count > 1 ? checkpoints[0] : null,
                    request.DeviceChoice));
                if (TaskCatalogue.Get(plan.Last.Task) is { LearnsWithoutLabels: true } or { Straightens: true })
                    continue; // nothing is predicted, or not without a detector
                using var predictor = hub.OpenPredictor(request.DeviceChoice);
                columns = predictor.Columns;
                findings.Add([.. fold.Films.Select(film => Predict(predictor, film.ImagePath, cancellation))]);
            }
            finally
            {
                checkpoints.ForEach(c => c.Dispose());
            }
        }
        return TaskOutcome.Of(plan, measured, findings, columns, _warnings);
    }

    private static Finding Predict(PredictorSet predictor, string path, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return predictor.Predict(path).Finding.WithoutMask();
    }

    private FoldHub Hub(FoldPlan fold)
    {
        var hub = folder.HubOf(plan, fold);
        var shared = new LocalHub(Path.Combine(folder.Shared, CrossValidationFolder.HubName));
        hub.Complete(
            Directory.Exists(shared.Folder) ? shared.List().Select(entry => entry.Folder) : [],
            request.Resolve);
        return hub;
    }

    private void Look(FoldPlan fold, IReadOnlyList<Checkpoint> checkpoints)
    {
        _warnings.AddRange(checkpoints.SelectMany(folder.HubOf(plan, fold).Warnings));
        ProcessThreads.Current?.Apply();
    }

    private Action<Progress> Tell(FoldPlan fold) => at => report(RunEvent.Of(at with { What = $"{fold.Name}: films" }));
}

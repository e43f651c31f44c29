using Marrow.Training.Loop;

namespace Marrow.Training.Experiments.Folds;

/// <summary>
/// Trains a recipe once for each fold of its data, and predicts every film by the one fold's models that never saw its
/// patient. What comes of it is a table with a row for each film, and metrics over all films at once. Each fold is an
/// ordinary run of the recipe with the key <c>fold</c>, in a folder of its own.
/// </summary>
public static class CrossValidation
{
    /// <summary>
    /// Reads and divides the labels, without writing anything. Throws <see cref="MarrowException"/> for every fault
    /// that can be found by then.
    /// </summary>
    public static CrossValidationPlan Plan(CrossValidationRequest request)
    {
        var plan = FoldPlanner.Plan(request);
        if (request.Fast && !plan.IsOfSpines)
            throw new MarrowException(
                $"{request.Recipe.SourcePath}: it measures no spine, and only at spines there are several looks. Leave "
                    + "out --fast.");
        new CrossValidationFolder(request.OutFolder, request.Fast).Check(request, plan);
        return plan;
    }

    /// <summary>
    /// Reports the folds of a plan, which of them are finished, and the time that the others take. When none is
    /// finished, a few steps are timed. It leaves no files behind.
    /// </summary>
    public static TextReport Estimate(
        CrossValidationRequest request,
        CrossValidationPlan plan,
        Action<RunEvent> report,
        CancellationToken cancellation = default) => FoldEstimate.Of(request, plan, report, cancellation);

    /// <summary>
    /// Trains every fold that is not finished, predicts the held-out films of all folds and writes predictions.csv,
    /// experiment.json, experiment.md, experiment.html and the pictures. Throws <see cref="MarrowException"/> when
    /// something is wrong with the request or a run, and <see cref="OperationCanceledException"/> when it is cancelled,
    /// after the state is saved.
    /// </summary>
    public static CrossValidationResult Run(
        CrossValidationRequest request, Action<RunEvent> report, CancellationToken cancellation = default)
    {
        _ = request.DeviceChoice.Take(); // A device that can't be used is told before anything is made.
        var plan = Plan(request);
        var folder = new CrossValidationFolder(request.OutFolder, request.Fast);
        var open = plan.Folds.Where(fold => !folder.HubOf(plan, fold).IsFinished()).ToList();
        AtomicFile.RequireWritable(request.OutFolder);
        folder.SavePlan(request, plan);

        new FoldTraining(request, plan, folder, report).Run(open, cancellation);

        var films = new FoldPrediction(request, plan, folder, report);
        var outcome = plan.IsOfSpines ? films.Spines(cancellation) : films.Others(cancellation);
        var result = new CrossValidationResult(plan, folder, outcome);
        CrossValidationFiles.Write(folder, request, result);
        return result;
    }
}

using System.Diagnostics;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Training.Loop;
using TorchSharp;

namespace Marrow.Training.Runs;

/// <summary>
/// The images and the model of one stage, and how the model is trained and measured. A stage of one task has one data
/// set (<see cref="SingleTraining"/>), a stage of several tasks one for each (<see cref="PartsTraining"/>). Disposing
/// it frees the model and closes the packed files.
/// </summary>
internal abstract class StageTraining(StageContext context) : IDisposable
{
    private const int MostWorkers = 8;

    /// <summary>Packs the images of a stage and builds its model, whose weights are random.</summary>
    public static StageTraining Of(StageContext context, StageInputs inputs, StageSources sources) =>
        context.Stage.Parts.Count > 0
            ? new PartsTraining(context, inputs)
            : new SingleTraining(context, inputs, sources);

    protected StageContext Context { get; } = context;

    /// <summary>The task with its model.</summary>
    public abstract TaskModel Task { get; }

    /// <summary>Returns the identity with what the images and the masks contain.</summary>
    public abstract RunIdentity Identify(RunIdentity identity);

    /// <summary>
    /// Trains the model, which then has the weights that count and is on the processor, and measures it on what was
    /// held out.
    /// </summary>
    /// <param name="key">Identifies the inputs; it is kept with the state.</param>
    public abstract TrainedStage Train(string key);

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected abstract void Dispose(bool disposing);

    /// <summary>Of threads that decode and augment images ahead of the loop.</summary>
    protected int Workers =>
        Context.Stage.Train.Workers is > 0 and var asked ? asked : Math.Min(MostWorkers, torch.get_num_threads());

    /// <summary>Runs the loop; returns how far it came, and the share of the time in which steps waited.</summary>
    protected (RunProgress Progress, double WaitShare) Run(TrainingLoop loop)
    {
        var waited = new WaitTally();
        var progress = loop.Run(
            Context.Request.Resume,
            e =>
            {
                waited.Add(e);
                Context.Report(e);
            },
            Context.Cancellation);
        return (progress, waited.Share);
    }

    /// <summary>How held-out images are measured.</summary>
    protected BootstrapOptions HeldOutOptions =>
        new() { KeepDraws = Context.Request.DrawsOf is not null, Cancellation = Context.Cancellation };

    /// <summary>Returns metrics with the resampled values of the one metric alone that the request asks for.</summary>
    protected IReadOnlyList<MetricValue> WithDraws(IEnumerable<MetricValue> metrics) =>
        [.. metrics.Select(metric => metric.Name == Context.Request.DrawsOf ? metric : metric.WithoutDraws())];

    /// <summary>Computes the share of waiting over a whole run from its events.</summary>
    private sealed class WaitTally
    {
        private readonly Stopwatch _sinceEvent = Stopwatch.StartNew();
        private double _seconds;
        private double _waited;

        public double Share => _seconds > 0 ? _waited / _seconds : 0;

        public void Add(RunEvent e)
        {
            var seconds = _sinceEvent.Elapsed.TotalSeconds;
            _sinceEvent.Restart();
            if (e.WaitShare is not { } share)
                return;
            _seconds += seconds;
            _waited += share * seconds;
        }
    }
}

/// <summary>The outcome of training, apart from the weights.</summary>
/// <param name="Metrics">The metrics on the held-out part.</param>
/// <param name="WaitShare">The share of the training time, 0 to 1, in which steps waited for data.</param>
internal sealed record TrainedStage(RunProgress Progress, IReadOnlyList<MetricValue> Metrics, double WaitShare);

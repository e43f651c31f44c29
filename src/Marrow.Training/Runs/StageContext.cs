using Marrow.Training.Loop;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// The context of every step of a stage: the run, the stage, the results of earlier stages, and the listener.
/// </summary>
internal sealed class StageContext : IDisposable
{
    private readonly RunLog _log;
    private readonly Action<RunEvent> _report;

    /// <summary>Creates the stage's folder. Throws <see cref="MarrowException"/> when it can't be written.</summary>
    /// <param name="done">The results of earlier stages, by name.</param>
    public StageContext(
        RunRequest request,
        Stage stage,
        string folder,
        IReadOnlyDictionary<string, StageResult> done,
        Action<RunEvent> report,
        CancellationToken cancellation)
    {
        (Request, Stage, Folder, Done, Cancellation) = (request, stage, folder, done, cancellation);
        _report = report;
        _log = new RunLog(folder);
        Began = request.Resume && RunState.Exists(folder) ? RunIdentity.Load(folder) : null;
    }

    public RunRequest Request { get; }

    public Stage Stage { get; }

    public string Folder { get; }

    public IReadOnlyDictionary<string, StageResult> Done { get; }

    public CancellationToken Cancellation { get; }

    /// <summary>
    /// The identity of the stage at its beginning; null when it begins now, or began with a version that did not store
    /// it.
    /// </summary>
    public RunIdentity? Began { get; }

    public RunSeeds Seeds => RunSeeds.Of(Request.Recipe);

    /// <summary>Returns the path of a file in the stage's folder.</summary>
    public string File(string name) => Path.Combine(Folder, name);

    /// <summary>Passes an event to the listener and to the log.</summary>
    public void Report(RunEvent e)
    {
        _report(e);
        if (_log.Write(e) is { } trouble)
            _report(new(stage: Stage.Name) { Message = trouble });
    }

    /// <summary>Tells whoever listens how many images are decoded and packed; the log is of the training.</summary>
    public void Packing(Progress at) =>
        _report(new(stage: $"{Stage.Name}, packing images") { Step = (int)at.Done, Steps = (int)at.Total });

    /// <summary>Tells how many images have been looked at beside the training.</summary>
    public void Looking(Progress at) => Report(RunEvent.Of(at with { What = $"{Stage.Name}: {at.What}" }));

    public void Say(string message) => Report(new(stage: Stage.Name) { Message = message });

    public void Dispose() => _log.Dispose();
}

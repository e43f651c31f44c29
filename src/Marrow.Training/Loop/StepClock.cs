using System.Diagnostics;

namespace Marrow.Training.Loop;

/// <summary>Measures losses, speed and remaining time between two events of a run.</summary>
internal sealed class StepClock(int firstStep, int totalSteps, double waitSeconds)
{
    private readonly Stopwatch _sinceStart = Stopwatch.StartNew();
    private readonly Stopwatch _sinceEvent = Stopwatch.StartNew();
    private readonly Dictionary<string, double> _sums = [];
    private readonly Dictionary<string, (double Sum, int Steps)> _unlabeled = [];
    private double _waitSeconds = waitSeconds;
    private int _steps;
    private int _images;

    public TimeSpan SinceEvent => _sinceEvent.Elapsed;

    public void Add(IReadOnlyDictionary<string, double> loss, IReadOnlyDictionary<string, double> unlabeled, int images)
    {
        foreach (var (name, value) in unlabeled)
        {
            var (sum, steps) = _unlabeled.GetValueOrDefault(name);
            _unlabeled[name] = (sum + value, steps + 1);
        }
        foreach (var (name, value) in loss)
            _sums[name] = _sums.GetValueOrDefault(name) + value;
        _steps++;
        _images += images;
    }

    /// <param name="waitSeconds">The total time, in seconds, for which the loader has waited so far.</param>
    public RunEvent Event(string stage, int step, int stepsPerEpoch, double learningRate, double waitSeconds)
    {
        var seconds = Math.Max(1e-6, _sinceEvent.Elapsed.TotalSeconds);
        var perStep = _sinceStart.Elapsed / Math.Max(1, step - firstStep);
        var e = new RunEvent(
            stage: stage)
        {
            Epoch = (step - 1) / stepsPerEpoch + 1,
            Step = step,
            Steps = totalSteps,
            Loss = _sums.Values.Sum() / Math.Max(1, _steps),
            Losses = _sums.ToDictionary(s => s.Key, s => s.Value / Math.Max(1, _steps)),
            Unlabeled = _unlabeled.ToDictionary(u => u.Key, u => u.Value.Sum / u.Value.Steps),
            LearningRate = learningRate,
            ImagesPerSecond = _images / seconds,
            WaitShare = Math.Clamp((waitSeconds - _waitSeconds) / seconds, 0, 1),
            MemoryGiB = Environment.WorkingSet / (double)(1 << 30),
            Eta = perStep * (totalSteps - step),
        };
        (_steps, _images, _waitSeconds) = (0, 0, waitSeconds);
        _sums.Clear();
        _unlabeled.Clear();
        _sinceEvent.Restart();
        return e;
    }
}

using System.Diagnostics;
using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks;
using Marrow.Training.Methods;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;
using static TorchSharp.torch;

namespace Marrow.Training.Loop;

/// <summary>
/// The one training loop. Each step: batch -> forward (bf16) -> loss (float32) -> backward pass, then the same of the
/// further batches that the method asks for -> clip -> optimizer -> average. Each epoch, or every few:
/// metrics on the validation part, the best weights kept. The whole of what the next step depends on is in one state
/// file, so that a run killed at any moment goes on as if it had never stopped; on the CPU its weights end
/// bit-identical.
/// </summary>
internal sealed class TrainingLoop : IDisposable
{
    private static readonly BootstrapOptions PointEstimates = new() { Resamples = 0 };
    private static readonly TimeSpan EventInterval = TimeSpan.FromSeconds(1);

    private readonly string _stage;
    private readonly TrainingMethod _method;
    private readonly TaskModel _task;
    private readonly TrainOptions _options;
    private readonly BatchLoader _training;
    private readonly BatchLoader? _validation;
    private readonly string _folder;
    private readonly string _data;
    private readonly Compute _compute;
    private readonly FreezePlan _freeze;
    private readonly Optimizer _optimizer;
    private readonly MovingAverage? _average;
    private readonly int _stepsPerEpoch;
    private readonly int _totalSteps;
    private RunProgress _progress = new();

    /// <param name="method">Says what a step learns from. The caller owns it.</param>
    /// <param name="folder">The folder of this stage, which holds state.safetensors and best.safetensors.</param>
    /// <param name="validation">The validation part; null to keep the last weights instead of the best ones.</param>
    /// <param name="data">
    /// Identifies the inputs of the state; see <see cref="RunIdentity.Key"/>. A state with other inputs is refused.
    /// </param>
    public TrainingLoop(
        string stage,
        TrainingMethod method,
        TrainOptions options,
        BatchLoader training,
        BatchLoader? validation,
        string folder,
        string data)
    {
        KeptMemory.Ask();
        (_stage, _method, _options, _training, _validation, _folder, _data) = (
            stage,
            method,
            options,
            training,
            validation,
            folder,
            data);
        (_task, _compute) = (method.Task, method.Compute);
        _freeze = new(_task.Spec, options);
        _optimizer = new(options.Optimizer, options.Momentum, _freeze.Groups(_task.Model));
        _average = options.Ema > 0 ? new(_task.Model, options.Ema) : null;
        _stepsPerEpoch = Math.Max(1, training.BatchesPerEpoch / options.Accumulate);
        _totalSteps = (options.Epochs, options.Steps) switch
        {
            (0, var steps) => steps,
            (var epochs, 0) => epochs * _stepsPerEpoch,
            (var epochs, var steps) => Math.Min(steps, epochs * _stepsPerEpoch),
        };
    }

    public string StatePath => Path.Combine(_folder, RunState.FileName);
    public string BestPath => Path.Combine(_folder, RunState.BestFileName);

    /// <summary>
    /// Trains to the end, from the state file when there is one and <paramref name="resume"/> is set; leaves the model
    /// with the weights that count (the best by metric, or the last), as a checkpoint keeps them. When cancelled, saves
    /// its state and throws <see cref="OperationCanceledException"/>.
    /// </summary>
    public RunProgress Run(bool resume, Action<RunEvent> report, CancellationToken cancellation)
    {
        if (resume && File.Exists(StatePath))
        {
            _progress = RunState.Load(StatePath, _data, _method, _optimizer, _average);
            report(new(stage: _stage)
            {
                Step = _progress.Step,
                Steps = _totalSteps,
                Message = $"resumed at step "
                + $"{_progress.Step} of {_totalSteps}"
            });
        }
        var (epoch, batch) = Math.DivRem((long)_progress.Step * _options.Accumulate, _training.BatchesPerEpoch);
        _training.Seek((int)epoch, (int)batch);
        _method.Seek(Place);

        var clock = new StepClock(_progress.Step, _totalSteps, WaitSeconds);
        var sinceSave = Stopwatch.StartNew();
        var sinceStart = Stopwatch.StartNew();
        var secondsBefore = _progress.Seconds;
        var frozen = -1;
        var slow = new SlowSteps();
        if (OwesMeasurement) // It was stopped while it measured.
            Validate(report, cancellation);
        while (_progress.Step < _totalSteps && !_progress.StoppedEarly)
        {
            var wanted = _freeze.FrozenStages(_progress.Step, _totalSteps);
            if (wanted != frozen)
                _freeze.Apply(_task.Model, frozen = wanted);
            var images = _options.Accumulate * _method.ImagesOf(Place, _options.Batch);
            var start = Stopwatch.GetTimestamp();
            var loss = Step();
            _progress = _progress with
            {
                Step = _progress.Step + 1,
                Seconds = secondsBefore + sinceStart.Elapsed.TotalSeconds,
            };
            clock.Add(loss, _method.Observed, images);
            if (slow.Add(Stopwatch.GetElapsedTime(start).TotalSeconds, images, wanted) is { } warning)
                report(new(stage: _stage) { Step = _progress.Step, Steps = _totalSteps, Message = warning });

            if (clock.SinceEvent >= EventInterval || _progress.Step == _totalSteps)
                report(clock.Event(_stage, _progress.Step, _stepsPerEpoch, Rate(_progress.Step - 1), WaitSeconds));
            if (OwesMeasurement)
            {
                Validate(report, cancellation);
                frozen = -1; // Measuring has put the model into evaluation mode.
            }
            if (cancellation.IsCancellationRequested || sinceSave.Elapsed.TotalSeconds >= _options.SaveEverySeconds)
            {
                RunState.Save(StatePath, _progress, _data, _method, _optimizer, _average);
                sinceSave.Restart();
            }
            cancellation.ThrowIfCancellationRequested();
        }
        if (_progress.Ended is null)
        {
            _progress = _progress with { Ended = DateTimeOffset.UtcNow };
            RunState.Save(StatePath, _progress, _data, _method, _optimizer, _average);
        }
        if (_validation is not null && _progress.BestValue is null)
            report(new(stage: _stage)
            {
                Message = $"{_options.Metric} has no value on the part to choose by: the last "
                + $"weights are kept"
            });
        KeepFinalWeights();
        return _progress;
    }

    public void Dispose()
    {
        _optimizer.Dispose();
        _average?.Dispose();
    }

    /// <summary>
    /// True after the last step and after every so many epochs, unless the model was already measured at this step.
    /// </summary>
    private bool OwesMeasurement => (_validation is not null || _method.Watches) && _progress.Step > 0
        && (
            _progress.Step == _totalSteps
            || (_progress.Step % _stepsPerEpoch == 0 && _progress.Step / _stepsPerEpoch % _options.EvaluateEvery == 0))
        && (_progress.History.Count == 0 || _progress.History[^1].Step != _progress.Step);

    private StepPlace Place => new(_progress.Step, _totalSteps);

    private double WaitSeconds => _training.WaitSeconds + _method.WaitSeconds;

    private double Rate(int step) =>
        _options.LearningRate * LearningRate.Factor(_options, step, _totalSteps, _stepsPerEpoch);

    /// <summary>
    /// Takes one optimizer step over <c>accumulate</c> batches and the unlabelled ones that belong to them. Returns the
    /// mean loss by its parts.
    /// </summary>
    private Dictionary<string, double> Step()
    {
        using var scope = NewDisposeScope();
        var parts = new Dictionary<string, double>();
        _optimizer.ZeroGradients();
        var files = new List<string>();
        var labelled = 0.0;
        _method.Begin(Place);
        for (var i = 0; i < _options.Accumulate; i++)
        {
            using (NewDisposeScope())
            {
                using var batch = _training.Next();
                files.AddRange(batch.Samples.Select(s => s.Sample.ImagePath));
                labelled += Backward(_method.Labelled(_compute.Arrange(batch.Images), batch, Place), parts, files);
            }
            for (var u = 0; u < _method.FurtherBatches(Place); u++)
            {
                using var furtherScope = NewDisposeScope();
                Backward(_method.Further(Place, files), parts, files);
            }
        }
        var norm = _optimizer.ClipGradients(_options.ClipNorm);
        if (!double.IsFinite(norm))
            throw NotFinite("gradient", parts, files);
        _optimizer.Step(Rate(_progress.Step));
        _average?.Update(_progress.Step);
        _method.Done(Place, labelled);
        return parts;
    }

    /// <summary>
    /// Runs the backward pass, which adds to the gradients. Adds to the parts of the loss and returns the loss.
    /// </summary>
    private double Backward(
        IReadOnlyList<(string Name, Tensor Value)> losses,
        Dictionary<string, double> parts,
        List<string> files)
    {
        if (losses.Count == 0)
            return 0;
        var sum = 0.0;
        foreach (var (name, value) in losses)
        {
            var part = value.Value<float>() / _options.Accumulate;
            parts[name] = parts.GetValueOrDefault(name) + part;
            sum += part;
        }
        if (!double.IsFinite(sum))
            throw NotFinite("loss", parts, files);
        var total =
            losses.Select(l => l.Value).Aggregate((a, b) => a.Plus(b)) / Scalars.Of((double)_options.Accumulate);
        total.backward();
        return sum;
    }

    private MarrowException NotFinite(string what, Dictionary<string, double> parts, List<string> files)
    {
        var values = parts.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Key} {p.Value:g4}"));
        return new(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{_stage}: the {what} is not a finite number at step {_progress.Step + 1} "
                    + $"({string.Join(", ", values)}). Lower train.lr (now {_options.LearningRate:g3}) or look at "
                    + $"the images of the batch: {string.Join(", ", files)}."));
    }

    /// <summary>
    /// Measures the model on the validation part. When it is interrupted, it saves the state before the measurement,
    /// which is then made after resuming.
    /// </summary>
    private void Validate(Action<RunEvent> report, CancellationToken cancellation)
    {
        using var before = random.get_rng_state();
        try
        {
            Validate(report);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            random.set_rng_state(before);
            RunState.Save(StatePath, _progress, _data, _method, _optimizer, _average);
            throw;
        }
    }

    private void Validate(Action<RunEvent> report)
    {
        IReadOnlyList<MetricValue> metrics;
        using (_average?.Use())
        {
            metrics = _validation is null ? Watch() : Measure(_validation, PointEstimates);
            var value = _validation is null ? double.NaN : Chosen(metrics);
            // A metric may be undefined (AUROC where one class is missing): then nothing is chosen by it.
            var better = double.IsFinite(value) && (_progress.BestValue is not { } best
                || (MetricCatalogue.Get(_options.Metric).HigherIsBetter ? value > best : value < best));
            if (better)
                RunState.SaveWeights(BestPath, _task.Model);
            _progress = _progress with
            {
                BestValue = better ? value : _progress.BestValue,
                BestStep = better ? _progress.Step : _progress.BestStep,
                WorseEvaluations = better || _progress.BestValue is null ? 0 : _progress.WorseEvaluations + 1,
                History = [.. _progress.History, new(_progress.Step, metrics.ToDictionary(m => m.Name, m => m.Value))],
            };
        }
        _progress = _progress with
        {
            StoppedEarly = _options.Patience > 0 && _progress.WorseEvaluations >= _options.Patience,
        };
        report(new(
            stage: _stage)
        {
            Epoch = _progress.Step / _stepsPerEpoch,
            Step = _progress.Step,
            Steps = _totalSteps,
            Metrics = _progress.History[^1].Metrics,
            Message = _progress.StoppedEarly ? $"stopped early: {_options.Metric} has not improved in "
                + $"{_options.Patience} evaluations" : null,
        });
    }

    /// <summary>Returns the value of the metric that chooses the best weights.</summary>
    private double Chosen(IReadOnlyList<MetricValue> metrics) =>
        metrics.FirstOrDefault(m => m.Name == _options.Metric)?.Value
        ?? throw new MarrowException($"train.metric: {_options.Metric} is none of "
            + $"{string.Join(", ", metrics.Select(m => m.Name))}.");

    /// <summary>Measures what the method watches, by which nothing is chosen.</summary>
    private IReadOnlyList<MetricValue> Watch()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _task.Model.eval();
        return _method.Watch(PointEstimates);
    }

    /// <summary>
    /// Lets the task choose the values of its decoding that depend on the data, by the part that chose the weights.
    /// </summary>
    public void ChooseDecoding(BatchLoader validation)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _task.Model.eval();
        _task.ChooseDecoding(validation, _compute);
    }

    /// <summary>Measures the model with its present weights, and leaves it in evaluation mode.</summary>
    public IReadOnlyList<MetricValue> Measure(BatchLoader loader, BootstrapOptions bootstrap)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _task.Model.eval();
        return _task.Measure(loader, _compute, bootstrap);
    }

    private void KeepFinalWeights()
    {
        using var noGrad = no_grad();
        if (_progress.BestValue is not null)
            RunState.LoadWeights(BestPath, _task.Model);
        else
            _average?.Use(); // Not restored: from here on the average is the model.
        ModelWeights.RoundAsStored(_task.Model);
        _task.Model.eval();
    }
}

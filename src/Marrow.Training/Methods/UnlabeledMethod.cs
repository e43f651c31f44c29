using Marrow.Computing;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Training.Recipes;
using static TorchSharp.torch;

namespace Marrow.Training.Methods;

/// <summary>
/// What methods with unlabelled images share: a warm-up on labelled ones alone, a weight that rises then, so many
/// batches of plain and augmented images a step, the share of answers accepted, and the watch for a collapse.
/// </summary>
internal abstract class UnlabeledMethod : TrainingMethod
{
    private readonly string _stage;
    private readonly string _section;
    private readonly BatchLoader _images;
    private readonly int _accumulate;
    private readonly UnlabeledOptions _options;
    private readonly CollapseWatch _watch;
    private readonly List<Answered> _answered = []; // of the step in hand
    private double _weight;

    /// <param name="section">Of the recipe: "uda" or "teacher".</param>
    /// <param name="images">Gives plain and augmented images; stays its maker's.</param>
    /// <param name="accumulate">Labelled batches in a step.</param>
    protected UnlabeledMethod(TaskModel task, Compute compute, string stage, string section, UnlabeledOptions options,
        BatchLoader images, int accumulate, IReadOnlyList<double[]> labelSignatures) : base(task, compute)
    {
        (_stage, _section, _options, _images, _accumulate) = (stage, section, options, images, accumulate);
        Mode = new(task.Model);
        _watch = new(labelSignatures);
    }

    /// <summary>What became of one batch of unlabelled images.</summary>
    /// <param name="Losses">Not weighted; the mean over all its images. Empty when none was accepted.</param>
    /// <param name="Accepted">Share of its answers, 0 to 1.</param>
    /// <param name="Confidence">Mean of all.</param>
    /// <param name="Signatures">Of the model's answers.</param>
    protected sealed record Answered(
        IReadOnlyList<(string Name, Tensor Value)> Losses,
        double Accepted,
        double Confidence,
        IReadOnlyList<double[]> Signatures);

    protected ModelMode Mode { get; }

    protected BatchLoader Images => _images;

    public override double WaitSeconds => _images.WaitSeconds;

    public override IReadOnlyDictionary<string, double> Observed =>
        _answered.Count == 0
            ? base.Observed
            : new Dictionary<string, double>
            {
                ["accepted"] = _answered.Average(a => a.Accepted),
                ["confidence"] = _answered.Average(a => a.Confidence),
                ["spread"] = _watch.Spread,
                ["weight"] = _weight,
            };

    public override int FurtherBatches(StepPlace place) => place.Step < WarmupSteps(place) ? 0 : _options.Ratio;

    public sealed override IReadOnlyList<(string Name, Tensor Value)> Further(StepPlace place, List<string> files)
    {
        _weight = Weight(place);
        using var scope = NewDisposeScope();
        using var batch = _images.Next();
        files.AddRange(batch.Samples.Select(s => s.Sample.ImagePath));
        var answered = Learn(batch);
        _watch.AddBatch(answered.Accepted, answered.Confidence, answered.Signatures);
        _answered.Add(answered with { Losses = [] });
        var share = Computing.Scalars.Of(_weight / _options.Ratio);
        return [.. answered.Losses.Select(l => (l.Name, (l.Value * share).MoveToOuterDisposeScope()))];
    }

    public override void Done(StepPlace place, double labelledLoss)
    {
        if (FurtherBatches(place) == 0)
            return;
        _watch.AddStep(labelledLoss);
        if (_watch.Problem(_section, _options.Confidence, place) is { } problem)
            throw new MarrowException(
                $"{_stage}: the run was stopped at step {place.Step + 1} of {place.TotalSteps}: {problem}");
    }

    public override void Begin(StepPlace place) => _answered.Clear();

    public override void Seek(StepPlace place)
    {
        var batches = (long)Math.Max(0, place.Step - WarmupSteps(place)) * _accumulate * _options.Ratio;
        var (epoch, batch) = Math.DivRem(batches, _images.BatchesPerEpoch);
        _images.Seek((int)epoch, (int)batch);
    }

    public override IEnumerable<(string Name, Tensor Value)> State() => [("watch", _watch.State)];

    /// <summary>The loss of one batch, whose images the loader has made plain and augmented.</summary>
    protected abstract Answered Learn(Batch batch);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _watch.Dispose();
    }

    private int WarmupSteps(StepPlace place) => place.Steps(_options.Warmup);

    private double Weight(StepPlace place)
    {
        var since = place.Step - WarmupSteps(place) + 1.0;
        return _options.Weight * Math.Min(1, since / Math.Max(1, place.Steps(_options.Ramp)));
    }
}

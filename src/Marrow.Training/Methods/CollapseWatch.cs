using System.Globalization;
using static TorchSharp.torch;

namespace Marrow.Training.Methods;

/// <summary>
/// Sees when a model that learns from its own answers teaches itself nonsense, or nothing: no answer is accepted; all
/// images get the same answer; the loss on the labelled images grows. Everything it goes by is an exponential average,
/// kept in one tensor, which is part of the run's state.
/// </summary>
internal sealed class CollapseWatch : IDisposable
{
    private const double Decay = 0.98; // about the last 50 batches
    private const double LeastAccepted = 0.01;
    private const double LeastSpread = 0.005; // of the labels' variance
    private const double WorstLoss = 3; // of the best
    private const int LossSteps = 50; // before that many the average of the loss says little
    private const double WatchedShare = 0.1; // of the stage, and
    private const int WatchedSteps = 100; // at least, before anything is said

    // Places in _numbers; the means and mean squares of the signatures follow.
    private const int Batches = 0, Accepted = 1, Confidence = 2, Steps = 3, Loss = 4, BestLoss = 5, Signatures = 6;

    private readonly Tensor _numbers;
    private readonly int _length;
    private readonly double _labelVariance;

    /// <param name="labels">Signatures of true labels, by which the spread of the model's answers is judged.</param>
    public CollapseWatch(IReadOnlyList<double[]> labels)
    {
        _length = labels[0].Length;
        _labelVariance = Enumerable
            .Range(0, _length)
            .Sum(i => Variance(labels.Select(l => l[i]).Where(double.IsFinite).ToList()));
        _numbers = zeros(Signatures + 2 * _length, ScalarType.Float64, CPU).DetachFromDisposeScope();
    }

    public Tensor State => _numbers;

    /// <summary>
    /// Of the answers to unlabelled images, as a share of the true labels' variance; NaN before the first or where
    /// labels do not vary.
    /// </summary>
    public double Spread
    {
        get
        {
            var numbers = _numbers.data<double>();
            if (numbers[Batches] == 0 || _labelVariance <= 0)
                return double.NaN;
            var variance = 0.0;
            for (var i = 0; i < _length; i++)
            {
                var mean = numbers[Signatures + 2 * i];
                variance += Math.Max(0, numbers[Signatures + 2 * i + 1] - mean * mean);
            }
            return variance / _labelVariance;
        }
    }

    /// <summary>One batch of unlabelled images.</summary>
    /// <param name="accepted">Share of them, 0 to 1.</param>
    /// <param name="confidence">The mean of all.</param>
    /// <param name="answers">Signatures of the model's answers.</param>
    public void AddBatch(double accepted, double confidence, IReadOnlyList<double[]> answers)
    {
        var numbers = _numbers.data<double>();
        var weight = numbers[Batches] == 0 ? 1 : 1 - Decay;
        numbers[Batches]++;
        Move(Accepted, accepted);
        Move(Confidence, confidence);
        for (var i = 0; i < _length; i++)
        {
            Move(Signatures + 2 * i, answers.Average(a => a[i]));
            Move(Signatures + 2 * i + 1, answers.Average(a => a[i] * a[i]));
        }

        void Move(int place, double value) => numbers[place] += weight * (value - numbers[place]);
    }

    /// <summary>A step that has learnt from unlabelled images.</summary>
    public void AddStep(double labelledLoss)
    {
        var numbers = _numbers.data<double>();
        numbers[Loss] += (numbers[Steps] == 0 ? 1 : 1 - Decay) * (labelledLoss - numbers[Loss]);
        numbers[Steps]++;
        if (numbers[Steps] == LossSteps || (numbers[Steps] > LossSteps && numbers[Loss] < numbers[BestLoss]))
            numbers[BestLoss] = numbers[Loss];
    }

    /// <summary>What is wrong, and what helps against it; null while all is well.</summary>
    /// <param name="section">Of the recipe: "uda" or "teacher".</param>
    /// <param name="least">The confidence that is asked for.</param>
    public string? Problem(string section, double least, StepPlace place)
    {
        var numbers = _numbers.data<double>();
        if (numbers[Steps] < Math.Max(WatchedSteps, place.Steps(WatchedShare)))
            return null;
        if (numbers[Loss] > WorstLoss * numbers[BestLoss])
            return string.Create(
                CultureInfo.InvariantCulture,
                $"the loss on labelled images has grown from {numbers[BestLoss]:G3} to {numbers[Loss]:G3} while it "
                    + $"learnt from its own answers. Raise {section}.confidence (now {least:G3}), lower "
                    + $"{section}.weight, or lengthen {section}.warmup."
            );
        if (numbers[Accepted] < LeastAccepted)
            return string.Create(
                CultureInfo.InvariantCulture,
                $"none of its answers for unlabelled images is accepted: their confidence is {numbers[Confidence]:G3} "
                    + $"on average, {section}.confidence asks for {least:G3}. Lengthen {section}.warmup, so that it "
                    + $"has learnt more by then, lower {section}.confidence, or give more labelled images."
            );
        if (Spread < LeastSpread)
            return string.Create(
                CultureInfo.InvariantCulture,
                $"its answers for all unlabelled images are the same: they vary {Spread:P2} as much as the labels do. "
                    + $"Lengthen {section}.warmup, lower {section}.weight, or raise {section}.confidence (now "
                    + $"{least:G3})."
            );
        return null;
    }

    public void Dispose() => _numbers.Dispose();

    private static double Variance(IReadOnlyList<double> values)
    {
        if (values.Count == 0)
            return 0;
        var mean = values.Average();
        return values.Average(v => (v - mean) * (v - mean));
    }
}

namespace Marrow.Metrics;

/// <summary>
/// Weighted counts of right and wrong answers for one class against the rest; shares of nothing are NaN.
/// </summary>
internal readonly record struct Confusion(
    double TruePositives,
    double FalsePositives,
    double FalseNegatives,
    double TrueNegatives)
{
    private double Total => TruePositives + FalsePositives + FalseNegatives + TrueNegatives;
    public double Sensitivity => TruePositives / (TruePositives + FalseNegatives);
    public double Specificity => TrueNegatives / (TrueNegatives + FalsePositives);
    public double Accuracy => (TruePositives + TrueNegatives) / Total;

    public double Kappa
    {
        get
        {
            var chance = ((TruePositives + FalsePositives) * (TruePositives + FalseNegatives)
                + (TrueNegatives + FalseNegatives) * (TrueNegatives + FalsePositives)) / Total;
            return chance == Total ? double.NaN : (TruePositives + TrueNegatives - chance) / (Total - chance);
        }
    }
}

/// <summary>The images that count for one class, sorted by score once, so that each resample costs one pass.</summary>
internal sealed class ClassColumn
{
    private readonly int[] _byScore; // Images whose label is 0 or 1, lowest score first.
    private readonly float[] _labels, _scores;
    private readonly bool[] _answers;
    private readonly bool _hasNaN;

    /// <param name="labels">[N]: 1 positive, 0 negative; others do not count.</param>
    /// <param name="answers">[N]: true where the model says "positive".</param>
    public ClassColumn(float[] labels, float[] scores, bool[] answers)
    {
        (_labels, _scores, _answers) = (labels, scores, answers);
        _byScore = [.. Enumerable.Range(0, labels.Length).Where(i => labels[i] is 0 or 1).OrderBy(i => scores[i])];
        _hasNaN = _byScore.Any(i => float.IsNaN(scores[i]));
    }

    public int Count => _byScore.Length;

    public double Auroc(int[] weights)
    {
        if (_hasNaN)
            return double.NaN;
        double pairs = 0, positives = 0, negatives = 0;
        for (var start = 0; start < _byScore.Length;)
        {
            double tiedPositives = 0, tiedNegatives = 0;
            var score = _scores[_byScore[start]];
            for (; start < _byScore.Length && _scores[_byScore[start]] == score; start++)
            {
                var i = _byScore[start];
                if (_labels[i] == 1)
                    tiedPositives += weights[i];
                else
                    tiedNegatives += weights[i];
            }
            pairs += tiedPositives * (negatives + tiedNegatives / 2);
            positives += tiedPositives;
            negatives += tiedNegatives;
        }
        return pairs / (positives * negatives);
    }

    public Confusion Confusion(int[] weights)
    {
        double tp = 0, fp = 0, fn = 0, tn = 0;
        foreach (var i in _byScore)
        {
            switch (_labels[i] == 1, _answers[i])
            {
                case (true, true): tp += weights[i]; break;
                case (false, true): fp += weights[i]; break;
                case (true, false): fn += weights[i]; break;
                case (false, false): tn += weights[i]; break;
            }
        }
        return new(tp, fp, fn, tn);
    }
}

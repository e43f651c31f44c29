namespace Marrow.Metrics;

/// <summary>
/// How well classes are told apart: AUROC (the Mann-Whitney statistic, ties counting half; Hanley and McNeil 1982),
/// Cohen's kappa (1960), accuracy, sensitivity and specificity. Only labels of exactly 0 and 1 count: NaN (unknown) and
/// soft labels (uncertain) are nobody's truth.
/// </summary>
internal static class Classification
{
    /// <summary>
    /// auroc, accuracy, kappa, sensitivity and specificity as means over the classes in which they are defined, then
    /// each by class ("auroc.Edema"). For exclusive classes accuracy and kappa are those of the most probable class,
    /// and the others take it for the answer; otherwise the answer is a score of at least <paramref name="threshold"/>.
    /// </summary>
    /// <param name="classes">Names, [C].</param>
    /// <param name="truth">[N][C]: 0, 1, or anything else for "does not count".</param>
    /// <param name="scores">[N][C]: higher is more likely; in 0..1 where the threshold matters.</param>
    /// <param name="patients">[N].</param>
    /// <param name="exclusive">Exactly one class holds for each image.</param>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<string> classes,
        IReadOnlyList<IReadOnlyList<float>> truth,
        IReadOnlyList<float[]> scores, IReadOnlyList<string> patients, bool exclusive, double threshold = 0.5,
        BootstrapOptions? bootstrap = null)
    {
        if (truth.Count != scores.Count || truth.Count != patients.Count)
            throw new ArgumentException($"{truth.Count} labels, {scores.Count} scores, {patients.Count} patients.");
        if (truth.Any(t => t.Count != classes.Count) || scores.Any(s => s.Length != classes.Count))
            throw new ArgumentException($"Expected {classes.Count} labels and scores an image.");

        int[] answers = [.. truth.Select(OnlyOne)], guesses = [.. scores.Select(MostLikely)];
        var columns = Enumerable.Range(0, classes.Count).Select(c => new ClassColumn(
            [.. truth.Select(t => t[c])], [.. scores.Select(s => s[c])],
            exclusive ? [.. guesses.Select(g => g == c)] : [.. scores.Select(s => s[c] >= threshold)])).ToList();
        (string Name, Func<ClassColumn, int[], double> Of)[] metrics =
        [
            ("auroc", (c, w) => c.Auroc(w)),
            ("accuracy", (c, w) => c.Confusion(w).Accuracy),
            ("kappa", (c, w) => c.Confusion(w).Kappa),
            ("sensitivity", (c, w) => c.Confusion(w).Sensitivity),
            ("specificity", (c, w) => c.Confusion(w).Specificity),
        ];
        var ones = Enumerable.Repeat(1, truth.Count).ToArray();
        var labelled = truth.Count(t => t.Any(l => l is 0 or 1));
        var results = new List<MetricValue>();
        foreach (var (name, of) in metrics)
        {
            var defined = columns.Where(c => !double.IsNaN(of(c, ones))).ToList();
            Func<int[], double> overall = (name, exclusive) switch
            {
                ("accuracy", true) => w => Accuracy(answers, guesses, w),
                ("kappa", true) => w => Kappa(answers, guesses, w),
                // The same classes in each resample, or the mean would be of another thing; NaN drops the resample.
                _ => w => defined.Count == 0 ? double.NaN : defined.Average(c => of(c, w)),
            };
            results.Add(Bootstrap.Interval(name, patients, overall, bootstrap, labelled));
        }
        foreach (var (name, of) in metrics)
            for (var c = 0; c < classes.Count; c++)
            {
                var column = columns[c];
                results.Add(
                    Bootstrap.Interval($"{name}.{classes[c]}", patients, w => of(column, w), bootstrap, column.Count));
            }
        return results;
    }

    /// <summary>
    /// Area under the ROC curve: the chance that a positive scores above a negative, ties counting half. NaN without
    /// positives, without negatives, or with a score that is NaN.
    /// </summary>
    /// <param name="labels">1 positive, 0 negative; others do not count.</param>
    public static double Auroc(IReadOnlyList<float> labels, IReadOnlyList<float> scores, int[]? weights = null) =>
        new ClassColumn([.. labels], [.. scores], new bool[labels.Count]).Auroc(
            weights ?? [.. Enumerable.Repeat(1, labels.Count)]);

    /// <summary>
    /// Agreement of two raters beyond chance, 1 at most; NaN when chance alone agrees always. Negative answers do not
    /// count.
    /// </summary>
    public static double Kappa(IReadOnlyList<int> first, IReadOnlyList<int> second, int[]? weights = null)
    {
        var size = 1 + Math.Max(first.DefaultIfEmpty().Max(), second.DefaultIfEmpty().Max());
        var (rows, columns) = (new double[size], new double[size]);
        var (agreed, total) = (0.0, 0.0);
        for (var i = 0; i < first.Count; i++)
        {
            if (first[i] < 0 || second[i] < 0)
                continue;
            double w = weights?[i] ?? 1;
            rows[first[i]] += w;
            columns[second[i]] += w;
            agreed += first[i] == second[i] ? w : 0;
            total += w;
        }
        var chance = rows.Zip(columns, (r, c) => r * c).Sum() / total;
        return chance == total ? double.NaN : (agreed - chance) / (total - chance);
    }

    private static double Accuracy(int[] answers, int[] guesses, int[] weights)
    {
        var (right, total) = (0.0, 0.0);
        for (var i = 0; i < answers.Length; i++)
        {
            if (answers[i] < 0)
                continue;
            right += answers[i] == guesses[i] ? weights[i] : 0;
            total += weights[i];
        }
        return right / total;
    }

    // The one class that holds; -1 unless one label is 1 and all others 0.
    private static int OnlyOne(IReadOnlyList<float> labels) =>
        labels.All(l => l is 0 or 1) && labels.Count(l => l == 1) == 1 ? labels.ToList().IndexOf(1) : -1;

    // A NaN among the scores is an answer of its own, which is never right.
    private static int MostLikely(float[] scores) =>
        scores.Any(float.IsNaN) ? scores.Length : Array.IndexOf(scores, scores.Max());
}


namespace Marrow.Metrics;

/// <summary>
/// Classification by examination: the score of a study is the mean over its images, as MURA has it (Rajpurkar et al.
/// 2018, section 3), whose official number is Cohen's kappa of the studies, over all and by part of the body.
/// </summary>
internal static class StudyScores
{
    private const string Prefix = "study-";

    /// <summary>
    /// study-kappa, study-auroc and study-accuracy as <see cref="Classification.Measure"/> has them for images, then
    /// study-kappa by part of the body ("study-kappa.XR_WRIST") where there are several. Counts are of studies. Empty
    /// when an image belongs to none.
    /// </summary>
    /// <param name="truth">[N][C], of each image.</param>
    /// <param name="scores">[N][C].</param>
    /// <param name="origins">[N].</param>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<string> classes,
        IReadOnlyList<IReadOnlyList<float>> truth,
        IReadOnlyList<float[]> scores,
        IReadOnlyList<StudyOrigin> origins,
        bool exclusive,
        BootstrapOptions? bootstrap = null)
    {
        if (origins.Count == 0 || origins.Any(o => o.Study.Length == 0))
            return [];
        var studies = Enumerable.Range(0, origins.Count).GroupBy(i => origins[i])
            .Select(g => (Origin: g.Key, Truth: truth[g.First()], Scores: Mean([.. g.Select(i => scores[i])])))
            .ToList();
        var all = Of(studies);
        var parts = studies
            .GroupBy(s => s.Origin.BodyPart, StringComparer.Ordinal)
            .Where(g => g.Key.Length > 0)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .ToList();
        return
        [
            .. ((string[])["kappa", "auroc", "accuracy"]).Select(name => Named(all, name, Prefix + name)),
            .. parts.Count < 2 ? [] : parts.Select(part => Named(Of([.. part]), "kappa", $"{Prefix}kappa.{part.Key}")),
        ];

        IReadOnlyList<MetricValue> Of(List<(StudyOrigin Origin, IReadOnlyList<float> Truth, float[] Scores)> chosen) =>
            Classification.Measure(
                classes,
                [.. chosen.Select(s => s.Truth)],
                [.. chosen.Select(s => s.Scores)],
                [.. chosen.Select(s => s.Origin.Patient)],
                exclusive,
                bootstrap: bootstrap);

        static MetricValue Named(IReadOnlyList<MetricValue> metrics, string name, string newName) =>
            new(metrics.Single(m => m.Name == name)) { Name = newName };
    }

    private static float[] Mean(float[][] scores) =>
        [.. Enumerable.Range(0, scores[0].Length).Select(c => scores.Average(s => s[c]))];
}

/// <summary>Which examination an image is of. One of the same study, patient and part is of the same.</summary>
/// <param name="Study">"" for none.</param>
/// <param name="BodyPart">"" where the data set gives none.</param>
internal readonly record struct StudyOrigin(string Study, string Patient, string BodyPart);

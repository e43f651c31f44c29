using Marrow.Datasets;
using Marrow.Datasets.Copies;

namespace Marrow.Training.Runs;

/// <summary>
/// Finds among the images of one data set the patients on whose images something is measured, so that nothing is learnt
/// from them: by patient where both data sets are one folder, by file, whatever it is called there, and by what the
/// film shows; with such a film goes whatever else belongs to its patient.
/// </summary>
internal static class MeasuredPatients
{
    /// <summary>Returns the patients, by any name that the samples have for them.</summary>
    /// <param name="root">The folder of <paramref name="samples"/>.</param>
    /// <param name="measured">The images that nothing may be learnt from.</param>
    /// <param name="measuredRoot">The folder of those images.</param>
    /// <param name="byContent">True to look for copies of films too.</param>
    public static IReadOnlySet<string> Among(
        IReadOnlyList<Sample> samples,
        string root,
        IReadOnlyList<Sample> measured,
        string measuredRoot,
        bool byContent,
        FilmWatch watch)
    {
        var isMeasured = SameFiles.Of(measured);
        var sameFolder = SameFiles.FullPath(root) == SameFiles.FullPath(measuredRoot);
        var copies = byContent
            ? FilmCopies.Between(
                measuredRoot, measured.Select(s => s.ImagePath), root, samples.Select(s => s.ImagePath), watch)
            : CopyReport.Nothing;
        var copied = copies.Pairs.SelectMany(p => (string[])[p.First, p.Second]).ToHashSet(StringComparer.Ordinal);
        return (sameFolder ? measured.SelectMany(Names) : [])
            .Concat(samples.Where(s => isMeasured(s) || copied.Contains(s.ImagePath)).SelectMany(Names))
            .ToHashSet(StringComparer.Ordinal);
    }

    /// <summary>True for a sample of one of these patients.</summary>
    public static bool Has(this IReadOnlySet<string> patients, Sample sample) => Names(sample).Any(patients.Contains);

    /// <summary>The name by which samples are divided, and the data set's own.</summary>
    private static string[] Names(Sample sample) => [sample.Patient, sample.OwnPatient];
}

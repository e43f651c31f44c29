namespace Marrow.Datasets.Copies;

/// <summary>The samples of a data set by the films that they show.</summary>
internal sealed class CopyLinks
{
    private readonly ILookup<string, Sample> _samples;
    private readonly ILookup<string, string> _copies;

    private CopyLinks(Dataset dataset, CopyReport report)
    {
        _samples = dataset.Samples.ToLookup(s => s.ImagePath, StringComparer.Ordinal);
        _copies = report.Pairs
            .SelectMany(pair => ((string, string)[])[(pair.First, pair.Second), (pair.Second, pair.First)])
            .ToLookup(pair => pair.Item1, pair => pair.Item2, StringComparer.Ordinal);
    }

    /// <summary>Compares the films of a data set.</summary>
    public static CopyLinks Of(Dataset dataset) =>
        new(dataset, FilmCopies.Within(dataset.Root, dataset.Samples.Select(s => s.ImagePath)));

    /// <summary>True when another file shows the sample's film, and a sample of it is as asked.</summary>
    public bool Any(Sample sample, Func<Sample, bool> isAsked) =>
        _copies[sample.ImagePath].Any(path => _samples[path].Any(isAsked));
}

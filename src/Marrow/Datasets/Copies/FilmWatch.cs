namespace Marrow.Datasets.Copies;

/// <summary>Is told how far the comparison of films is, and may end it.</summary>
/// <param name="Progress">
/// Called from any thread, one call at a time, after each film that is read and each that is compared.
/// </param>
internal readonly record struct FilmWatch(Action<Progress>? Progress = null, CancellationToken Cancellation = default)
{
    public ParallelOptions Parallel => new()
    {
        MaxDegreeOfParallelism = Environment.ProcessorCount,
        CancellationToken = Cancellation,
    };

    public void Tell(string what, int done, int total)
    {
        if (Progress is not { } tell)
            return;
        lock (tell)
            tell(new(what, done, total, ProgressUnit.Images));
    }
}

using System.Collections.Concurrent;

namespace Marrow.Datasets.Copies;

/// <summary>
/// Finds films that are copies of each other, by what they show: cropped, scaled, squeezed, mirrored, inverted, with
/// another contrast or under another name. Thumbnails -> candidates, whose middles resemble a window of another film
/// (<see cref="WindowSearch"/>) -> candidates that lie well on each other at low resolution -> pairs that do so in
/// detail, too (<see cref="FilmAlignment"/>). Two films of one patient, even of one minute, differ in detail.
/// </summary>
internal static class FilmCopies
{
    /// <summary>Part of the keys in the cache: raise it whenever other pairs may be found.</summary>
    public const int Version = 1;

    /// <summary>
    /// The least correlation of two copies. In SpineWeb 16 and 5,216 chests of children, pairs that are no copies reach
    /// 0.72, and copies begin at 0.86; two of 200 phantoms reach 0.78.
    /// </summary>
    public const double LeastCorrelation = 0.79;

    /// <summary>Steps of an alignment, shares of a film, and the correlation that it must reach by each.</summary>
    private static readonly (double Step, double Least)[] s_coarse = [(0.03, 0.6), (0.015, 0.75), (0.0075, 0.85)];
    private static readonly (double Step, double Least)[] s_fine =
        [(0.006, 0.5), (0.003, 0.65), (0.0015, LeastCorrelation)];

    /// <summary>The copies among these files, each of which is compared with each other.</summary>
    /// <param name="root">The folder of the data set, by which what is computed is kept in the user's cache.</param>
    public static CopyReport Within(string root, IEnumerable<string> paths, FilmWatch watch = default)
    {
        var films = Each(paths);
        var plan = SearchPlan.Of(films.Length, films.Length);
        return FilmCache.Pairs(
            films, [], plan.Search, () => Find(FilmCache.Signatures(root, films, watch), null, plan, watch));
    }

    /// <summary>The copies among some files of others; those among files of the same list are not looked for.</summary>
    public static CopyReport Between(
        string root,
        IEnumerable<string> paths,
        string otherRoot,
        IEnumerable<string> otherPaths,
        FilmWatch watch = default)
    {
        var (films, others) = (Each(paths), Each(otherPaths));
        var plan = SearchPlan.Of(films.Length, others.Length);
        return FilmCache.Pairs(films, others, plan.Search, () => Find(
            FilmCache.Signatures(root, films, watch), FilmCache.Signatures(otherRoot, others, watch), plan, watch));
    }

    private static string[] Each(IEnumerable<string> paths) =>
        [.. paths.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    /// <param name="others">The films with which the first ones are compared; null to compare these among each
    /// other.</param>
    private static List<FilmPair> Find(
        IReadOnlyList<NamedSignature> films,
        IReadOnlyList<NamedSignature>? others,
        SearchPlan plan,
        FilmWatch watch)
    {
        var found = new ConcurrentBag<FilmPair>();
        var (done, total) = (0, films.Count + (others?.Count ?? 0));
        Look(films, others ?? films, isSame: others is null);
        if (others is not null)
            Look(others, films, isSame: false);
        return
        [
            .. found.GroupBy(pair => (pair.First, pair.Second))
                .Select(same => same.OrderByDescending(p => Math.Abs(p.Correlation)).ThenBy(p => p.Mirrored).First())
                .OrderBy(pair => pair.First, StringComparer.Ordinal)
                .ThenBy(pair => pair.Second, StringComparer.Ordinal),
        ];

        // The middles of the sought ones in the windows of the others: each pair of films is looked at both ways.
        void Look(IReadOnlyList<NamedSignature> shown, IReadOnlyList<NamedSignature> sought, bool isSame)
        {
            var search = new WindowSearch([.. sought.Select(film => film.Signature.Shape)], plan.Windows);
            Parallel.For(0, shown.Count, watch.Parallel, i =>
            {
                var candidates = search.In(shown[i].Signature.Shape, plan.Candidates, isSame ? i : -1);
                foreach (var pair in Copies(shown[i], sought, candidates))
                    found.Add(pair);
                watch.Tell("films compared", Interlocked.Increment(ref done), total);
            });
        }
    }

    private static IEnumerable<FilmPair> Copies(
        NamedSignature film, IReadOnlyList<NamedSignature> sought, List<CopyCandidate> candidates)
    {
        var fine = new Lazy<ContrastMap>(film.Signature.Fine);
        foreach (var candidate in candidates)
        {
            var (path, signature) = sought[candidate.Film];
            if (path == film.Path)
                continue;
            var place = Start(signature.Coarse, film.Signature.Coarse, candidate);
            if (Align(signature.Coarse, film.Signature.Coarse, candidate.Mirrored, s_coarse, ref place) is null
                || Align(signature.Fine(), fine.Value, candidate.Mirrored, s_fine, ref place) is not { } correlation)
                continue;
            yield return string.CompareOrdinal(path, film.Path) < 0
                ? new(path, film.Path, correlation, candidate.Mirrored)
                : new(film.Path, path, correlation, candidate.Mirrored);
        }
    }

    /// <summary>
    /// The candidate's window, or that of a copy of the whole film, whichever is nearer to the truth.
    /// </summary>
    private static FilmWindow Start(ContrastMap map, ContrastMap other, CopyCandidate candidate) =>
        Math.Abs(FilmAlignment.Correlation(map, other, FilmWindow.Middle, candidate.Mirrored))
        > Math.Abs(FilmAlignment.Correlation(map, other, candidate.Window, candidate.Mirrored))
            ? FilmWindow.Middle
            : candidate.Window;

    /// <summary>Returns the correlation at the best place; null as soon as it is too small.</summary>
    private static double? Align(
        ContrastMap map,
        ContrastMap other,
        bool mirrored,
        (double Step, double Least)[] steps,
        ref FilmWindow place)
    {
        double? reached = null;
        foreach (var (step, least) in steps)
        {
            (place, var correlation) = FilmAlignment.Refine(map, other, place, mirrored, step);
            if (Math.Abs(correlation) < least)
                return null;
            reached = correlation;
        }
        return reached;
    }
}

/// <summary>How films are searched, as thoroughly as their number allows.</summary>
/// <param name="Candidates">How many candidates of a film are looked at in detail.</param>
internal sealed record SearchPlan(CopySearch Search, FilmWindow[] Windows, int Candidates)
{
    private const long Thorough = 2_000L * 2_000, Mild = 10_000L * 10_000, Whole = 50_000L * 50_000;

    public static SearchPlan Of(long films, long others) => (films * others) switch
    {
        <= Thorough => new(CopySearch.Crops, FilmWindow.Grid(0.5, 1, 0.2), 16),
        <= Mild => new(CopySearch.MildCrops, FilmWindow.Grid(0.5, 0.75, 0.12), 6),
        <= Whole => new(CopySearch.WholeFilms, FilmWindow.Grid(0.56, 0.64, 0.02), 4),
        _ => new(CopySearch.None, [], 0),
    };
}

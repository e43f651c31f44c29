namespace Marrow.Datasets.Copies;

/// <summary>Two image files that show the same film.</summary>
/// <param name="First">The path of one file; of the two the ordinally smaller.</param>
/// <param name="Correlation">
/// How alike they are where they show the same, -1 to 1: negative when one of them is inverted.
/// </param>
/// <param name="Mirrored">True when one of them is mirrored left to right.</param>
internal readonly record struct FilmPair(string First, string Second, double Correlation, bool Mirrored)
{
    public bool IsInverted => Correlation < 0;
}

/// <summary>
/// How thoroughly films were compared: the more there are, the less can be done for each two of them.
/// </summary>
internal enum CopySearch
{
    /// <summary>Copies are found that lack up to a fifth of the film on each side.</summary>
    Crops,

    /// <summary>Copies are found that lack up to a fifth of the film's width and height.</summary>
    MildCrops,

    /// <summary>Copies are found that show the whole film or nearly all of it.</summary>
    WholeFilms,

    /// <summary>There are too many films to compare.</summary>
    None,
}

/// <summary>The copies among some films.</summary>
internal sealed record CopyReport(IReadOnlyList<FilmPair> Pairs, CopySearch Search)
{
    /// <summary>The report where no films were to be compared.</summary>
    public static CopyReport Nothing { get; } = new([], CopySearch.Crops);

    /// <summary>What should be known of the search; "" when it was as thorough as it can be.</summary>
    public string Remark => Search switch
    {
        CopySearch.WholeFilms => "there are so many films that only those were compared with each other that show "
            + "nearly the same part",
        CopySearch.None => "there are too many films to compare them by content",
        _ => "",
    };
}

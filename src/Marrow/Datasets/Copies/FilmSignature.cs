namespace Marrow.Datasets.Copies;

/// <summary>A film as it is compared with others: its picture, and what candidates are found and first judged
/// by.</summary>
internal sealed class FilmSignature
{
    private const int CoarseSidePx = 48, CoarseReachPx = 4;
    private const int FineReachPx = 3;
    private const int LeastSidePx = WindowShape.Side; // of the coarse map: a strip shows no anatomy
    private const double LeastStrength = 0.1; // of values whose deviation around each is 1 where anything is to be seen

    private readonly FilmThumbnail _thumbnail;

    private FilmSignature(FilmThumbnail thumbnail, ContrastMap coarse) =>
        (_thumbnail, Coarse, Shape) = (thumbnail, coarse, new(coarse));

    public ContrastMap Coarse { get; }

    public WindowShape Shape { get; }

    /// <summary>The signature; null for a film that shows too little to be told from others.</summary>
    public static FilmSignature? Of(FilmThumbnail thumbnail)
    {
        var coarse = ContrastMap.Of(thumbnail, CoarseSidePx, CoarseReachPx);
        return Math.Min(coarse.Width, coarse.Height) >= LeastSidePx && coarse.Strength >= LeastStrength
            ? new(thumbnail, coarse)
            : null;
    }

    /// <summary>The map by which a pair is judged in the end, made anew at each call.</summary>
    public ContrastMap Fine() => ContrastMap.Of(_thumbnail, FilmThumbnail.LongestSidePx, FineReachPx);
}

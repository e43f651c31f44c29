using Marrow.Spine;

namespace Marrow.Findings;

/// <summary>
/// How well several looks at a film agree on one vertebra. A look sees a film or a part of it; its mirror image is seen
/// beside it, and counts as a view of its own. What views differ by is a part of the error: what they all get wrong
/// does not show.
/// </summary>
public sealed class VertebraEvidence
{
    private VertebraEvidence()
    {
    }

    /// <summary>How many views saw the vertebra.</summary>
    public int Views { get; private init; }

    /// <summary>The standard deviation of the tilt over the views, in degrees; null with fewer than two.</summary>
    public double? SpreadDegrees { get; private init; }

    /// <summary>
    /// The standard deviation of the centre over the views, in original pixels; null with fewer than two.
    /// </summary>
    public double? SpreadPx { get; private init; }

    /// <summary>
    /// By how much the second look turned the vertebra against the first one, in degrees, clockwise on the screen; null
    /// where one of them did not see it.
    /// </summary>
    public double? MovedDegrees { get; private init; }

    /// <summary>
    /// How far from the first look's centre the second look's is, in original pixels; null where one of them did not
    /// see the vertebra.
    /// </summary>
    public double? MovedPx { get; private init; }

    /// <summary>Returns the evidence of one vertebra, from the top; null where no looks were kept.</summary>
    internal static VertebraEvidence? Of(SpineLooks? looks, int vertebra)
    {
        if (looks is null)
            return null;
        var (spread, moved) = (looks.Spread(vertebra), looks.Moved(vertebra));
        return new()
        {
            Views = looks.Views(vertebra),
            SpreadDegrees = spread?.Degrees,
            SpreadPx = spread?.Pixels,
            MovedDegrees = moved?.Degrees,
            MovedPx = moved?.Pixels,
        };
    }
}

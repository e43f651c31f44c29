using System.ComponentModel.DataAnnotations;
using Marrow.Findings;
using Marrow.Spine;

namespace Marrow.Tasks.Intervals;

/// <summary>
/// How large the error of one angle is likely to be on a film whose looks differ so much, and how many times as large
/// it is on all but a share of the films. The scale only says on which film the interval is wider than on another:
/// whatever it is, the quantile makes the intervals hold on the share of the films that was asked for.
/// </summary>
internal sealed record AngleScale
{
    internal const double LeastScale = 0.01, Most = 1000;

    /// <summary>The scale of a film without any spread: no film is surer than that.</summary>
    [Range(LeastScale, Most)]
    public required double ConstantDegrees { get; init; }

    /// <summary>How much a degree of <see cref="AngleSpread.LooksDegrees"/> adds.</summary>
    [Range(0.0, Most)]
    public required double PerLooks { get; init; }

    /// <summary>How much a degree of <see cref="AngleSpread.MovedDegrees"/> adds.</summary>
    [Range(0.0, Most)]
    public required double PerMoved { get; init; }

    /// <summary>How much a degree of <see cref="AngleSpread.JumpDegrees"/> adds.</summary>
    [Range(0.0, Most)]
    public required double PerJump { get; init; }

    /// <summary>The half width of the interval as a multiple of the scale.</summary>
    [Range(0.0, Most)]
    public required double Quantile { get; init; }

    /// <summary>Returns the size, in degrees, that an error is likely to have.</summary>
    public double Of(in AngleSpread spread) =>
        ConstantDegrees + PerLooks * spread.LooksDegrees + PerMoved * spread.MovedDegrees
            + PerJump * spread.JumpDegrees;

    /// <summary>Returns the interval about an angle, cut off at 0 and at 180.</summary>
    public AngleInterval Around(double degrees, in AngleSpread spread)
    {
        var half = Quantile * Of(spread);
        return new(Math.Max(degrees - half, 0), Math.Min(degrees + half, 180));
    }
}

using System.ComponentModel.DataAnnotations;
using Marrow.Imaging;

namespace Marrow.Tasks.Strip;

/// <summary>Says how strips are looked at in prediction and how the looks become points.</summary>
internal sealed record StripDecoding : DecodingContract
{
    internal const int MostItems = 100;

    public StripLooksDecoding Looks { get; init; } = new();
    public StripAnglesDecoding Angles { get; init; } = new();

    internal override IReadOnlyList<RehearsedValue> Rehearse(SeededRandom random)
    {
        var (passes, zooms) = (Looks.Passes, Looks.ZoomFactors);
        return [new("looks", [passes, .. zooms]), new("angles", [Angles.TiltErrorDegrees])];
    }
}

/// <summary>Says how corners become angles.</summary>
internal sealed record StripAnglesDecoding
{
    /// <summary>
    /// The standard deviation of a tilt's error that is not common to its neighbours, from which the expected angles
    /// follow.
    /// </summary>
    [Range(0.0, 20.0)]
    public double TiltErrorDegrees { get; init; } = 1;
}

/// <summary>Says how often, and how enlarged, each strip is looked at.</summary>
internal sealed record StripLooksDecoding
{
    /// <summary>
    /// How many times the curve is laid straight: first along the points of another model, then along those that the
    /// strip gave.
    /// </summary>
    [Range(1, 4)]
    public int Passes { get; init; } = 2;

    /// <summary>
    /// In each pass the strip is seen in its own size, and so many times larger and smaller by steps of
    /// <see cref="ZoomStep"/>; each of them also mirrored. The points are the means.
    /// </summary>
    [Range(0, 3)]
    public int Zooms { get; init; } = 1;

    /// <summary>The factor between two sizes, less 1.</summary>
    [Range(0.0, 0.5)]
    public double ZoomStep { get; init; } = 0.06;

    internal IReadOnlyList<double> ZoomFactors =>
        [.. Enumerable.Range(-Zooms, 2 * Zooms + 1).Select(z => Math.Pow(1 + ZoomStep, z))];
}

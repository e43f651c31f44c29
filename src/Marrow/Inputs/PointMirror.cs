using Marrow.Datasets;

namespace Marrow.Inputs;

/// <summary>
/// Points that move with their image. Once it is mirrored, the left knee is where the right one is called for, so the
/// names are swapped.
/// </summary>
internal static class PointMirror
{
    /// <summary>
    /// Throws <see cref="MarrowException"/> when images would be mirrored although it is unknown which of their points
    /// swap places.
    /// </summary>
    public static void RequireKnown(IReadOnlyList<Sample> samples, AugmentationOptions? augmentation)
    {
        if (
            augmentation is { FlipProbability: > 0 }
            && samples.FirstOrDefault(s => s.Points.Count > 0 && s.MirroredPoints.Count != s.Points.Count) is { } sample
        )
            throw MarrowException.Bad(
                $"augment.flipProbability, for {sample.Id}",
                "points that say which of them change places when an image is mirrored",
                "none",
                "Name the pairs by data.mirrorPairs, as in {left_hip: right_hip} ({} when none swap), or set "
                    + "flipProbability: 0."
            );
    }
}

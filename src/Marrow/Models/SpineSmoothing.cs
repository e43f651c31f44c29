// The tilt of vertebrae changes smoothly down a spine, while a detector errs on each by itself. A Whittaker smoother
// (Whittaker 1923; Eilers 2003) pulls the tilts together. It helps where corners are noisy and harms where they are good,
// as real tilts do bend: simulated on the labels of SpineWeb 16 with corners off by 3 / 5 / 8 / 12 px of a typical
// 854 x 2360 image, SMAPE goes from 4.2 / 6.9 / 10.0 / 15.3 % to 4.7 / 5.9 / 7.6 / 11.7 % with a strength of 0.1. So the
// strength is to be chosen on a validation split; 0 leaves the spine as it is.

using Marrow.Imaging;
using Marrow.Spine;
using MathNet.Numerics.LinearAlgebra;

namespace Marrow.Models;

public static class SpineSmoothing
{
    /// <summary>
    /// Turns each vertebra about its own centre to its smoothed tilt; shapes and centres stay. Pixels are to be square:
    /// smooth in the original image, not in a stretched input.
    /// </summary>
    /// <param name="strength">0 and up: weight of the tilts' second differences against the tilts themselves.</param>
    /// <param name="weights">
    /// How far each tilt is trusted, as <see cref="SpinePrediction.Scores"/>; those of 0 follow their neighbours. All 1
    /// when null.
    /// </param>
    public static IReadOnlyList<Vertebra> SmoothTilt(IReadOnlyList<Vertebra> vertebrae, double strength, IReadOnlyList<double>? weights = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(strength);
        var count = vertebrae.Count;
        if (strength == 0 || count < 3)
            return vertebrae;
        var tilts = Vector<double>.Build.Dense(count, i => Math.Atan2(vertebrae[i].Axis.Y, vertebrae[i].Axis.X));
        var trust = Vector<double>.Build.Dense(count, i => Math.Max(weights?[i] ?? 1, 1e-3)); // never singular
        var second = Matrix<double>.Build.Dense(count - 2, count, (row, column) => (column - row) switch { 0 or 2 => 1, 1 => -2, _ => 0 });
        var system = Matrix<double>.Build.DiagonalOfDiagonalVector(trust) + strength * second.TransposeThisAndMultiply(second);
        var smooth = system.Cholesky().Solve(trust.PointwiseMultiply(tilts));
        return [.. vertebrae.Select((v, i) => Turn(v, smooth[i] - tilts[i]))];
    }

    private static Vertebra Turn(in Vertebra v, double radians)
    {
        var center = v.Center;
        return v.Transform(AffineTransform.Translate(-center.X, -center.Y).Then(AffineTransform.Rotate(radians)).Then(AffineTransform.Translate(center.X, center.Y)));
    }
}

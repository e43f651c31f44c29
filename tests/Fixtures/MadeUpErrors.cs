using Marrow.Imaging;
using Marrow.Spine;
using Marrow.Tasks.Intervals;

namespace Marrow.Tests;

/// <summary>Made-up films whose errors go with their spread, or don't.</summary>
internal static class MadeUpErrors
{
    public const int Folds = 5;

    /// <summary>
    /// Films of which each angle errs by 1 degree and a share of its spread, as the looks show it, Laplace-like: with
    /// many small errors and a few very large ones. A detector is the surer, the smaller the spread.
    /// </summary>
    /// <param name="told">How much of the spread shows; at 0 it says nothing of the errors.</param>
    public static List<CalibrationFilm> Films(int count, ulong seed, double told = 1)
    {
        var random = new SeededRandom(seed);
        return [.. Enumerable.Range(0, count).Select(n =>
        {
            var hidden = random.Uniform(0, 4);
            var shown = told * hidden + (1 - told) * random.Uniform(0, 4);
            var spread = new AngleSpread(shown, random.Uniform(0, 1), random.Uniform(0, 1));
            double[] truth = [random.Uniform(0, 70), random.Uniform(0, 40), random.Uniform(0, 30)];
            double[] found =
            [
                .. truth.Select(degrees => Math.Max(
                    degrees + (1 + 1.5 * hidden) * -Math.Log(random.Uniform(1e-9, 1)) * (random.Next(2) * 2 - 1), 0)),
            ];
            return new CalibrationFilm(
                $"p{n}", n % Folds + 1, truth, found, [spread, spread, spread], Math.Exp(-shown / 4));
        })];
    }
}

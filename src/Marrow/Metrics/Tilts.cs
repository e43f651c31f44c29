using System.Globalization;
using Marrow.Spine;

namespace Marrow.Metrics;

/// <summary>
/// How far the tilts of single vertebrae are off, of which every Cobb angle is a difference: by how much a vertebra is
/// turned against the image's horizontal, degrees, positive where its right side lies lower. Films are paired as in
/// <see cref="Landmarks"/>: one whose count of vertebrae differs is left out.
/// </summary>
internal static class Tilts
{
    // Makes the median absolute deviation of a normal distribution its standard deviation (Rousseeuw and Croux 1993).
    private const double NormalConsistency = 1.4826;

    // Of the true tilt's size, degrees: [from, to).
    private static readonly (double From, double To)[] Sizes =
    [
        (0, 5), (5, 10), (10, 20), (20, double.PositiveInfinity),
    ];

    /// <summary>tilt-mae and tilt-sd, the robust standard deviation 1.4826 x MAD, over all vertebrae.</summary>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<LandmarkPair> pairs, BootstrapOptions? bootstrap = null) =>
        Of(Pair(pairs), "", _ => true, bootstrap);

    /// <summary>The same by level, "tilt-mae.T1" to "tilt-sd.L5".</summary>
    /// <param name="levels">The names of the vertebrae, from the top.</param>
    public static IReadOnlyList<MetricValue> ByLevel(
        IReadOnlyList<LandmarkPair> pairs, IReadOnlyList<string> levels, BootstrapOptions? bootstrap = null) =>
        [.. levels.SelectMany((name, n) => Of(Pair(pairs), $".{name}", tilt => tilt.Level == n, bootstrap))];

    /// <summary>The same by the size of the true tilt, "tilt-mae.0-5" to "tilt-sd.20".</summary>
    public static IReadOnlyList<MetricValue> BySize(
        IReadOnlyList<LandmarkPair> pairs, BootstrapOptions? bootstrap = null) =>
        [
            .. Sizes.SelectMany(size => Of(
                Pair(pairs),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $".{size.From}{(double.IsFinite(size.To) ? $"-{size.To}" : "")}"),
                tilt => Math.Abs(tilt.Truth) >= size.From && Math.Abs(tilt.Truth) < size.To,
                bootstrap)),
        ];

    private static IReadOnlyList<MetricValue> Of(
        Paired paired, string suffix, Func<Tilt, bool> which, BootstrapOptions? bootstrap)
    {
        var chosen = paired.Tilts.Where(which).ToList();
        var films = chosen.Select(t => t.Film).Distinct().Count();
        var (sums, counts) = (new double[paired.Patients.Length], new int[paired.Patients.Length]);
        foreach (var tilt in chosen)
            (sums[tilt.Film], counts[tilt.Film]) = (sums[tilt.Film] + Math.Abs(tilt.Error), counts[tilt.Film] + 1);
        var errors = WeightedValues.Of(chosen.Select(t => (t.Error, t.Film)));
        return
        [
            Bootstrap.Interval($"tilt-mae{suffix}", paired.Patients, Mean, bootstrap, films),
            Bootstrap.Interval(
                $"tilt-sd{suffix}",
                paired.Patients,
                w => NormalConsistency * errors.MedianDeviation(w),
                bootstrap,
                films),
        ];

        // Each vertebra counts the same, in whichever film; NaN of none.
        double Mean(int[] weights)
        {
            var (sum, count) = (0.0, 0.0);
            for (var i = 0; i < sums.Length; i++)
                (sum, count) = (sum + weights[i] * sums[i], count + (double)weights[i] * counts[i]);
            return sum / count;
        }
    }

    private static Paired Pair(IReadOnlyList<LandmarkPair> pairs)
    {
        var whole = pairs.Where(p => p.Truth.Count == p.Found.Count).ToList();
        return new(
            [.. whole.Select(p => p.Patient)],
            [
                .. whole.SelectMany((p, film) => p.Truth.Zip(p.Found).Select((v, level) =>
                {
                    var truth = v.First.TiltDegrees;
                    return new Tilt(film, level, truth, Wrapped(v.Second.TiltDegrees - truth));
                })),
            ]);
    }

    private static double Wrapped(double degrees) => degrees - 360 * Math.Round(degrees / 360);

    private sealed record Paired(string[] Patients, IReadOnlyList<Tilt> Tilts);

    private readonly record struct Tilt(int Film, int Level, double Truth, double Error);
}

/// <summary>Whether the largest angle was measured between the right two vertebrae.</summary>
internal static class EndVertebrae
{
    /// <summary>
    /// end-vertebrae, the share of films on which both ends of the largest angle are the right vertebrae, and
    /// end-vertebrae-near, on which both are at most one vertebra off.
    /// </summary>
    public static IReadOnlyList<MetricValue> Measure(
        IReadOnlyList<VertebraPair> truth,
        IReadOnlyList<VertebraPair> found,
        IReadOnlyList<string> patients,
        BootstrapOptions? bootstrap = null)
    {
        return [Share("end-vertebrae", 0), Share("end-vertebrae-near", 1)];

        MetricValue Share(string name, int most)
        {
            var right = truth.Zip(found, (t, f) => Farthest(t, f) <= most ? 1.0 : 0).ToArray();
            return Bootstrap.Interval(name, patients, w => Weighted.Mean(right, w), bootstrap);
        }
    }

    private static int Farthest(VertebraPair a, VertebraPair b) =>
        Math.Max(Math.Abs(a.Upper - b.Upper), Math.Abs(a.Lower - b.Lower));
}

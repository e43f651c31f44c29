using Marrow.Imaging;

namespace Marrow.Training.Ranking;

/// <summary>
/// Images in folds for cross-validation: no patient is in two folds, and each fold has its share of each stratum
/// (a class, a finding's positives, a range of angles). Patients with the rarest strata are placed first, each where
/// its strata are wanted most (iterative stratification; Sechidis, Tsoumakas and Vlahavas 2011, with patients for
/// examples).
/// </summary>
internal static class PatientFolds
{
    /// <summary>
    /// Returns the fold of each image, 0 to <paramref name="folds"/> - 1. Throws <see cref="MarrowException"/> when
    /// there are fewer patients than folds.
    /// </summary>
    /// <param name="patients">The patient of each image, [N].</param>
    /// <param name="strata">How much each image counts in each stratum, [N][S], mostly 0 or 1.</param>
    public static int[] Assign(
        IReadOnlyList<string> patients,
        IReadOnlyList<IReadOnlyList<double>> strata,
        int folds,
        ulong seed)
    {
        var groups = Enumerable
            .Range(0, patients.Count)
            .GroupBy(i => patients[i], StringComparer.Ordinal)
            .OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new Group([.. g], Sum(g, strata))).ToArray();
        if (groups.Length < folds)
            throw new MarrowException(
                $"A cross-validation of {folds} folds needs {folds} patients or more, found {groups.Length} in "
                    + $"{patients.Count} images. Give more labelled images or fewer folds."
            );
        new SeededRandom(seed).Shuffle<Group>(groups);

        var kinds = strata.Count == 0 ? 0 : strata[0].Count;
        var totals = Sum(Enumerable.Range(0, patients.Count), strata);
        var held = new double[folds, kinds + 1]; // the last: images
        var fold = new int[patients.Count];
        foreach (var group in groups.OrderBy(g => Rarity(g, totals)).ThenByDescending(g => g.Images.Length))
        {
            var best = Enumerable.Range(0, folds).MinBy(f => Fullness(f, group));
            foreach (var image in group.Images)
                fold[image] = best;
            for (var s = 0; s < kinds; s++)
                held[best, s] += group.Strata[s];
            held[best, kinds] += group.Images.Length;
        }
        return fold;

        // How far the fold is filled with what the patient brings, each stratum by its rarity; images decide ties.
        double Fullness(int f, Group group)
        {
            var sum = 1e-3 * held[f, kinds] / patients.Count;
            for (var s = 0; s < kinds; s++)
                sum += totals[s] > 0 ? group.Strata[s] / totals[s] * held[f, s] / totals[s] * kinds : 0;
            return sum * patients.Count;
        }
    }

    /// <summary>Assigns each value to one of several ranges that hold equally many values. Returns [N][bins].</summary>
    public static double[][] Quantiles(IReadOnlyList<double> values, int bins)
    {
        var order = Enumerable.Range(0, values.Count).OrderBy(i => values[i]).ToArray();
        var strata = values.Select(_ => new double[bins]).ToArray();
        for (var rank = 0; rank < order.Length; rank++)
            strata[order[rank]][rank * bins / order.Length] = 1;
        return strata;
    }

    private sealed record Group(int[] Images, double[] Strata);

    /// <summary>Returns the size of the smallest stratum to which the patient belongs.</summary>
    private static double Rarity(Group group, double[] totals) =>
        group
            .Strata.Select((count, s) => count > 0 ? totals[s] : double.MaxValue)
            .DefaultIfEmpty(double.MaxValue)
            .Min();

    private static double[] Sum(IEnumerable<int> images, IReadOnlyList<IReadOnlyList<double>> strata)
    {
        var sum = new double[strata.Count == 0 ? 0 : strata[0].Count];
        foreach (var i in images)
        {
            for (var s = 0; s < sum.Length; s++)
                sum[s] += strata[i][s];
        }
        return sum;
    }
}

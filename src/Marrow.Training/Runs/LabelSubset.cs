using System.Globalization;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// Few labels out of many: the first so many patients in an order that depends on the seed and the patients alone, so
/// that a smaller subset is always part of a larger one. For classification the order is stratified: each patient
/// belongs to the rarest class or finding that is present, and every beginning of the order has close to its share of
/// each stratum (systematic sampling; Cochran 1977, chapter 8). Other tasks have one stratum: a plain shuffle.
/// </summary>
internal static class LabelSubset
{
    /// <summary>
    /// The samples of the patients that <see cref="StageData.Limit"/> or <see cref="StageData.Fraction"/> leaves, in
    /// the order in which they stood. Throws <see cref="MarrowException"/> when that is no patient, or leaves a class
    /// or finding without a positive or a negative that the whole has.
    /// </summary>
    public static IReadOnlyList<Sample> Take(
        Dataset dataset,
        IReadOnlyList<Sample> samples,
        StageData wanted,
        ulong seed)
    {
        if (wanted is { Limit: 0, Fraction: >= 1 })
            return samples;
        var order = Order(samples, seed);
        var count = wanted.Limit > 0 ? Math.Min(wanted.Limit, order.Count) : Count(wanted.Fraction, order.Count);
        if (count == 0)
            throw Bad("one patient or more", $"{Number(wanted.Fraction * order.Count)} of {order.Count} patients", 1);
        var taken = Taken(count);
        var (all, there) = (Sides(dataset, samples), Sides(dataset, taken));
        var missing = all.Except(there)
            .Select(m => m.Positive ? $"none with {m.Class}" : $"none without {m.Class}")
            .ToList();
        if (missing.Count == 0)
            return taken;
        throw Bad(
            "images of each class, and with and without each finding",
            $"{string.Join(", ", missing)} among {taken.Count} images of {count} patients",
            Enumerable.Range(count, order.Count - count + 1).First(n => Sides(dataset, Taken(n)).Count == all.Count));

        List<Sample> Taken(int n)
        {
            var chosen = order.Take(n).ToHashSet(StringComparer.Ordinal);
            return [.. samples.Where(s => chosen.Contains(s.Patient))];
        }

        MarrowException Bad(string expected, string found, int enough) =>
            MarrowException.Bad(
                dataset.Root,
                $"{expected} in "
                    + $"data.{(wanted.Limit > 0 ? $"limit {wanted.Limit}" : $"fraction {Number(wanted.Fraction)}")} "
                    + $"of the training part",
                found,
                $"With this seed {enough} of the {order.Count} patients are enough, a fraction of "
                    + $"{Number(Math.Ceiling(1e4 * enough / order.Count) / 1e4)}."
            );
    }

    /// <summary>Returns the patients in the order in which they are taken.</summary>
    public static IReadOnlyList<string> Order(IReadOnlyList<Sample> samples, ulong seed)
    {
        var patients = samples
            .Select(s => s.Patient)
            .Distinct(StringComparer.Ordinal)
            .Order(StringComparer.Ordinal)
            .ToArray();
        var random = new SeededRandom(seed);
        random.Shuffle(patients.AsSpan());
        var stratumOf = Strata(samples);
        if (stratumOf.Values.Distinct().Count() < 2)
            return patients;
        var place = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var stratum in patients.GroupBy(p => stratumOf[p]).OrderBy(g => g.Key))
        {
            var start = random.NextDouble();
            foreach (var (index, patient) in stratum.Index())
                place[patient] = (index + start) / stratum.Count();
        }
        return [.. patients.OrderBy(p => place[p])]; // stable: ties stay as shuffled
    }

    /// <summary>
    /// Returns the number of patients in a fraction, with halves rounded up. A larger fraction never gives fewer
    /// patients.
    /// </summary>
    public static int Count(double fraction, int patients) => (int)Math.Floor(fraction * patients + 0.5);

    /// <summary>
    /// Returns which classes or findings some image shows, and which some image lacks. Uncertain labels of a finding
    /// are not required.
    /// </summary>
    private static HashSet<(string Class, bool Positive)> Sides(Dataset dataset, IReadOnlyList<Sample> samples)
    {
        var layout = dataset.Layout;
        var sides = new HashSet<(string, bool)>();
        foreach (var sample in samples.Where(s => s.Labels.Count > 0))
        {
            foreach (var c in layout.Reported)
            {
                if (layout.Truth(sample.Labels, c) is var label && !float.IsNaN(label))
                    sides.Add((dataset.Classes[c], IsPositive(label)));
            }
        }
        return sides;
    }

    /// <summary>
    /// Returns for each patient the index of the rarest class or finding on the patient's images; -1 when there is
    /// none.
    /// </summary>
    private static Dictionary<string, int> Strata(IReadOnlyList<Sample> samples)
    {
        var present = samples
            .GroupBy(s => s.Patient, StringComparer.Ordinal)
            .ToDictionary(
                g => g.Key,
                g =>
                    g.SelectMany(s => s.Labels.Index().Where(l => IsPositive(l.Item)).Select(l => l.Index))
                        .Distinct()
                        .ToList(),
                StringComparer.Ordinal);
        var frequency = present.Values.SelectMany(classes => classes).CountBy(c => c).ToDictionary();
        return present.ToDictionary(
            p => p.Key,
            p => p.Value.Count == 0 ? -1 : p.Value.MinBy(c => (frequency[c], c)),
            StringComparer.Ordinal);
    }

    private static bool IsPositive(float label) => label >= 0.5f; // soft labels too; NaN is neither

    private static string Number(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);
}

using CsCheck;
using Marrow.Datasets;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

public class LabelSubsetTests
{
    private static readonly Gen<(int[] ClassOf, ulong Seed)> Cases = Gen.Select(
        Gen.Int[0, 3].Array[1, 60],
        Gen.ULong,
        (classes, seed) => (classes, seed));

    [Fact]
    public void Subsets_are_nested_whole_patients_and_all_of_them_at_one() =>
        Gen.Select(Cases, Gen.Double[0.02, 1], Gen.Double[0.02, 1])
            .Sample(
                (c, one, other) =>
                {
                    var data = Data(c.ClassOf);
                    var (small, large) = (
                        Ids(data, Math.Min(one, other), c.Seed),
                        Ids(data, Math.Max(one, other), c.Seed));
                    Assert.Subset(large, small);
                    Assert.Equal(
                        small,
                        [.. data.Samples.Where(s => small.Any(id => PatientOf(id) == s.Patient)).Select(s => s.Id)]);
                    Assert.Equal(data.Samples.Count, LabelSubset.Take(data, data.Samples, Fraction(1), c.Seed).Count);
                }
            );

    [Fact]
    public void The_order_of_the_samples_changes_nothing() => Cases.Sample(c =>
    {
        var samples = Data(c.ClassOf).Samples;
        Assert.Equal(LabelSubset.Order(samples, c.Seed), LabelSubset.Order([.. samples.Reverse()], c.Seed));
    });

    [Fact]
    public void Every_beginning_has_its_share_of_each_class_to_one_patient() =>
        Cases.Sample(c =>
        {
            var patients = c.ClassOf.Length;
            var order = LabelSubset.Order(Data(c.ClassOf).Samples, c.Seed);
            foreach (var (label, count) in c.ClassOf.CountBy(l => l))
            {
                for (var n = 0; n <= patients; n++)
                {
                    var taken = order
                        .Take(n)
                        .Count(p =>
                            c.ClassOf[int.Parse(p[1..], System.Globalization.CultureInfo.InvariantCulture)] == label);
                    // Each class is within one of its share of the place up to which it is taken, which is itself off
                    // by the others' ones.
                    Assert.InRange(taken, (double)n * count / patients - 4, (double)n * count / patients + 4);
                }
            }
        });

    [Fact]
    public void Over_seeds_each_patient_is_taken_equally_often()
    {
        int[] classes = [.. Enumerable.Range(0, 40).Select(i => i % 10 == 0 ? 1 : 0)];
        var data = Data(classes);
        const int seeds = 4000;
        var counts = Enumerable
            .Range(0, seeds)
            .SelectMany(seed => LabelSubset.Order(data.Samples, (ulong)seed).Take(10))
            .CountBy(p => p)
            .ToDictionary();
        // 5 standard deviations
        Assert.All(counts.Values, count => Assert.InRange(count, 0.25 * seeds * 0.85, 0.25 * seeds * 1.15));
        Assert.Equal(40, counts.Count);
    }

    [Fact]
    public void A_fraction_without_a_class_names_it_and_one_that_is_enough()
    {
        int[] classes = [.. Enumerable.Repeat(0, 30), 1, 1];
        var data = Data(classes);
        var seed = Enumerable
            .Range(0, 100)
            .Select(s => (ulong)s)
            .First(s => LabelSubset.Order(data.Samples, s).Take(3).All(p => p is not ("p30" or "p31")));
        var error = Assert
            .Throws<MarrowException>(() => LabelSubset.Take(data, data.Samples, Fraction(0.1), seed))
            .Message;
        Assert.Contains("none with c1", error);
        var enough = double.Parse(
            System.Text.RegularExpressions.Regex.Match(error, "a fraction of ([0-9]+(?:\\.[0-9]+)?)").Groups[1].Value,
            System.Globalization.CultureInfo.InvariantCulture);
        Assert.Contains(LabelSubset.Take(data, data.Samples, Fraction(enough), seed), s => s.Labels[1] == 1);
        Assert.Throws<MarrowException>(() => LabelSubset.Take(data, data.Samples, Fraction(enough - 1.6 / 32), seed));
    }

    [Fact]
    public void A_finding_needs_a_positive_and_a_negative()
    {
        var data = Data([0, 0, 0, 0, 0, 0, 0, 0]) with { Classes = ["Edema"] };
        data = data with { Samples = [.. data.Samples.Select(s => s with { Labels = [s.Patient == "p3" ? 0f : 1f] })] };
        var error = Assert
            .Throws<MarrowException>(() => LabelSubset.Take(data, data.Samples, Fraction(0.13), 1))
            .Message;
        Assert.Matches("none (with|without) Edema", error);
    }

    [Fact]
    public void A_limit_is_the_same_patients_as_the_fraction_of_as_many()
    {
        var data = Data([0, 1, 0, 1, 2, 2, 0, 0, 1, 2]);
        Assert.Equal(
            LabelSubset.Take(data, data.Samples, Fraction(0.6), 4),
            LabelSubset.Take(data, data.Samples, Fraction(1) with { Limit = 6 }, 4));
    }

    [Fact]
    public void A_fraction_of_no_patient_is_refused() =>
        Assert.Contains(
            "0.3 of 3 patients",
            Assert
                .Throws<MarrowException>(() =>
                    LabelSubset.Take(Data([0, 0, 0]), Data([0, 0, 0]).Samples, Fraction(0.1), 1))
                .Message);

    private static HashSet<string> Ids(Dataset data, double fraction, ulong seed)
    {
        try
        {
            return [.. LabelSubset.Take(data, data.Samples, Fraction(fraction), seed).Select(s => s.Id)];
        }
        catch (MarrowException)
        {
            return [];
        }
    }

    private static StageData Fraction(double fraction) => new() { Name = "d", Format = "csv", Fraction = fraction };

    private static string PatientOf(string id) => id.Split('/')[0];

    /// <summary>Two images of each patient, which are of the patient's class.</summary>
    private static Dataset Data(int[] classOf) => new(
        name: "d",
        format: "csv",
        root: "d",
        samples: [.. classOf.SelectMany((c, p) => Enumerable.Range(0, 2).Select(i => new Sample(
            id: $"p{p}/{i}",
            imagePath: $"p{p}/{i}.png",
            patient: $"p{p}")
        {
            Labels = [.. Enumerable.Range(0, 4).Select(k => k == c ? 1f : 0f)],
        }))])
    {
        Classes = ["c0", "c1", "c2", "c3"],
        ExclusiveClasses = true,
    };
}

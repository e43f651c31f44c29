using CsCheck;
using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Tests.Datasets;

public class FoldTests
{
    private static readonly Gen<(Sample[] Samples, int Folds, ulong Seed)> Any = Gen.Select(
        Gen.Int[0, 40].Array[30, 200].Where(patients => patients.Distinct().Count() >= 10),
        Gen.Int[2, 10],
        Gen.ULong,
        (patients, folds, seed) => (Samples(patients), folds, seed));

    private static Sample[] Samples(IEnumerable<int> patients) =>
        [.. patients.Select((p, i) => new Sample(id: $"{i}", imagePath: $"{i}.png", patient: $"p{p}"))];

    [Fact]
    public void Every_sample_is_held_out_once_and_no_patient_is_in_two_folds() => Any.Sample(
        (samples, folds, seed) =>
        {
            var splits = Fold.All(folds).Select(fold => PatientSplit.Create(samples, fold, seed)).ToList();
            Assert.Equal(
                samples.Select(s => s.Id).Order(),
                splits.SelectMany(split => split.HeldOut).Select(s => s.Id).Order());
            Assert.Equal(
                samples.Select(s => s.Patient).Distinct().Count(),
                splits.Sum(split => split.HeldOut.Select(s => s.Patient).Distinct().Count()));
            Assert.All(splits, split => Assert.Equal(samples.Length, split.Train.Count + split.HeldOut.Count));
        },
        iter: 200);

    [Fact]
    public void Folds_differ_by_no_more_samples_than_the_largest_patient_has() => Any.Sample(
        (samples, folds, seed) =>
        {
            int[] sizes =
            [
                .. Fold.All(folds).Select(fold => PatientSplit.Create(samples, fold, seed).HeldOut.Count),
            ];
            Assert.True(sizes.Max() - sizes.Min() <= samples.CountBy(s => s.Patient).Max(p => p.Value));
        },
        iter: 200);

    [Fact]
    public void The_order_of_samples_does_not_matter() => Gen.Select(Any, Gen.ULong).Sample(
        (any, order) =>
        {
            var shuffled = any.Samples.ToArray();
            new SeededRandom(order).Shuffle<Sample>(shuffled);
            var fold = new Fold(any.Folds, any.Folds);
            Assert.Equal(
                PatientSplit.Create(any.Samples, fold, any.Seed).HeldOut.Select(s => s.Id).Order(),
                PatientSplit.Create(shuffled, fold, any.Seed).HeldOut.Select(s => s.Id).Order());
        },
        iter: 100);

    /// <summary>
    /// The rule in other words. It must never change, since runs of single folds are put together later.
    /// </summary>
    [Fact]
    public void The_largest_patients_come_first_each_into_the_emptiest_fold() => Any.Sample(
        (samples, folds, seed) =>
        {
            var patients = samples.Select(s => s.Patient).Distinct().Order(StringComparer.Ordinal).ToArray();
            new SeededRandom(seed).Shuffle<string>(patients);
            var sizes = patients.ToDictionary(p => p, p => samples.Count(s => s.Patient == p));
            var dealt = Enumerable.Range(0, folds).Select(_ => new List<string>()).ToList();
            for (var size = sizes.Values.Max(); size > 0; size--)
            {
                foreach (var patient in patients.Where(p => sizes[p] == size))
                    dealt.MinBy(fold => fold.Sum(p => sizes[p]))!.Add(patient);
            }
            Assert.All(Fold.All(folds), fold => Assert.Equal(
                dealt[fold.Number - 1].Order(),
                PatientSplit.Create(samples, fold, seed).HeldOut.Select(s => s.Patient).Distinct().Order()));
        },
        iter: 100);

    [Fact]
    public void A_fold_of_a_small_set_stays_what_it_was()
    {
        var samples = Samples([0, 0, 0, 1, 1, 2, 3, 4, 5, 5]);
        string[] folds =
        [
            .. Fold.All(3).Select(fold => string.Join(
                ' ',
                PatientSplit.Create(samples, fold, 1).HeldOut.Select(s => s.Patient).Distinct())),
        ];
        Assert.Equal(["p0 p4", "p1 p3", "p2 p5"], folds);
    }

    [Fact]
    public void Fewer_patients_than_folds_are_refused() =>
        Assert.Contains(
            "5 folds by patient need 5 patients or more, found 4",
            Assert.Throws<MarrowException>(
                () => PatientSplit.Create(Samples([0, 1, 2, 3, 3]), new Fold(1, 5), 1)).Message,
            StringComparison.Ordinal);

    [Fact]
    public void A_saved_split_knows_its_fold()
    {
        using var folder = new TemporaryFolder();
        var samples = Samples([0, 1, 2, 3, 4, 5]);
        var path = Path.Combine(folder.Path, "split.json");
        var split = PatientSplit.Create(samples, new Fold(2, 3), 7);
        split.Save(path);
        var loaded = PatientSplit.Load(path, samples);
        Assert.Equal(new Fold(2, 3), loaded.Fold);
        Assert.Equal(split.HeldOut.Select(s => s.Id), loaded.HeldOut.Select(s => s.Id));
        Assert.Null(PatientSplit.Create(samples, 0.3, 7).Fold);
    }

    [Theory, InlineData("2/5"), InlineData("1/2"), InlineData("100/100")]
    public void A_fold_is_read_as_it_is_written(string text) => Assert.Equal(text, Fold.Parse(text)?.ToString());

    [Theory, InlineData("0/5"), InlineData("6/5"), InlineData("1/1"), InlineData("1/101"), InlineData("2"),
        InlineData("-1/5"), InlineData("1/5/2"), InlineData("a/b"), InlineData("")]
    public void What_is_no_fold_is_not_read(string text) => Assert.Null(Fold.Parse(text));
}

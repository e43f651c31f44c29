using CsCheck;
using Marrow.Datasets;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public class PatientSplitTests
{
    private static Sample[] Samples(IEnumerable<int> patients) =>
        [.. patients.Select((p, i) => new Sample(id: $"{i}", imagePath: $"{i}.png", patient: $"p{p}"))];

    private static readonly Gen<Sample[]> AnySamples = Gen.Int[0, 30]
        .Array[2, 200]
        .Where(p => p.Distinct().Count() > 1)
        .Select(p => Samples(p));

    [Fact]
    public void No_patient_is_in_both_parts_and_no_sample_is_lost() =>
        Gen.Select(AnySamples, Gen.Double[0, 0.95], Gen.ULong)
            .Sample(
                (samples, fraction, seed) =>
                {
                    var split = PatientSplit.Create(samples, fraction, seed);
                    Assert.Empty(split.Train.Select(s => s.Patient).Intersect(split.HeldOut.Select(s => s.Patient)));
                    Assert.Equal(
                        samples.Select(s => s.Id).Order(),
                        split.Train.Concat(split.HeldOut).Select(s => s.Id).Order());
                    Assert.NotEmpty(split.Train);
                    Assert.Equal(fraction == 0, split.HeldOut.Count == 0);
                },
                iter: 300);

    private static readonly Gen<Sample[]> WithParts =
        from samples in AnySamples
        from parts in Gen.Int[0, 3].Array[samples.Length]
        select samples.Zip(parts, (sample, part) => sample with { Part = (SamplePart)part }).ToArray();

    [Fact]
    public void A_part_that_the_data_have_is_kept_and_the_share_is_of_all_others() =>
        Gen.Select(WithParts, Gen.Double[0.05, 0.95], Gen.ULong)
            .Sample(
                (samples, fraction, seed) =>
                {
                    var split = PatientSplit.Create(samples, fraction, seed, SamplePart.HeldOut);
                    var held = split.HeldOut.Select(s => s.Patient).ToHashSet();
                    Assert.DoesNotContain(split.Train, s => held.Contains(s.Patient));
                    Assert.DoesNotContain(split.Train, s => s.Part == SamplePart.HeldOut);
                    var tested = samples.Where(s => s.Part == SamplePart.HeldOut).Select(s => s.Patient).ToHashSet();
                    var known = samples.Where(s => s.Part != SamplePart.Any).Select(s => s.Patient).ToHashSet();
                    Assert.DoesNotContain(
                        split.HeldOut, s => known.Contains(s.Patient) && !tested.Contains(s.Patient));

                    // Those of whom nothing is said are drawn until their share is reached, or none but one is left.
                    var rest = samples.Where(s => !known.Contains(s.Patient)).ToList();
                    var drawn = rest.Count(s => held.Contains(s.Patient));
                    var largest = rest.Count == 0 ? 0 : rest.CountBy(s => s.Patient).Max(c => c.Value);
                    Assert.InRange(drawn, fraction * rest.Count - largest, fraction * rest.Count + largest);
                },
                iter: 300);

    [Fact]
    public void Without_a_share_or_with_folds_parts_of_the_data_are_left_out_of_account() =>
        Gen.Select(WithParts, Gen.ULong)
            .Sample(
                (samples, seed) =>
                {
                    Assert.Empty(PatientSplit.Create(samples, 0, seed, SamplePart.HeldOut).HeldOut);
                    var plain = samples.Select(s => s with { Part = SamplePart.Any }).ToArray();
                    Assert.Equal(
                        PatientSplit.Create(plain, 0.3, seed).HeldOut.Select(s => s.Id),
                        PatientSplit.Create(samples, 0.3, seed).HeldOut.Select(s => s.Id));
                    Assert.Equal(
                        PatientSplit.Create(plain, 0.3, seed, SamplePart.HeldOut).HeldOut.Select(s => s.Id),
                        PatientSplit.Create(plain, 0.3, seed).HeldOut.Select(s => s.Id));
                },
                iter: 100);

    [Fact]
    public void The_order_of_samples_does_not_matter() =>
        Gen.Select(AnySamples, Gen.ULong, Gen.ULong)
            .Sample(
                (samples, seed, shuffle) =>
                {
                    var shuffled = samples.ToArray();
                    new Marrow.Imaging.SeededRandom(shuffle).Shuffle<Sample>(shuffled);
                    Assert.Equal(
                        PatientSplit.Create(samples, 0.3, seed).HeldOut.Select(s => s.Id).Order(),
                        PatientSplit.Create(shuffled, 0.3, seed).HeldOut.Select(s => s.Id).Order());
                },
                iter: 100);

    [Fact]
    public void The_fraction_is_met_within_one_patient_and_seeds_differ()
    {
        var samples = Samples(Enumerable.Range(0, 1000).Select(i => i / 4));
        var split = PatientSplit.Create(samples, 0.2, 1);
        Assert.InRange(split.HeldOut.Count, 200, 203);
        Assert.NotEqual(
            split.HeldOut.Select(s => s.Id),
            PatientSplit.Create(samples, 0.2, 2).HeldOut.Select(s => s.Id));
    }

    [Fact]
    public void A_saved_split_comes_back()
    {
        using var folder = new TemporaryFolder();
        var samples = Samples(Enumerable.Range(0, 40).Select(i => i % 13));
        var split = PatientSplit.Create(samples, 0.25, ulong.MaxValue);
        split.Save(folder["split.json"]);
        var loaded = PatientSplit.Load(folder["split.json"], samples);
        Assert.Equal(split.Train.Select(s => s.Id), loaded.Train.Select(s => s.Id));
        Assert.Equal(split.HeldOut.Select(s => s.Id), loaded.HeldOut.Select(s => s.Id));
        Assert.Equal((split.Seed, split.HeldOutFraction), (loaded.Seed, loaded.HeldOutFraction));
    }

    [Fact]
    public void A_split_of_other_data_is_refused()
    {
        using var folder = new TemporaryFolder();
        PatientSplit.Create(Samples([1, 2, 3]), 0.3, 1).Save(folder["split.json"]);
        Assert.Contains(
            "p9",
            Assert.Throws<MarrowException>(() => PatientSplit.Load(folder["split.json"], Samples([1, 9]))).Message,
            StringComparison.Ordinal);
        foreach (
            var bad in (string[])["", "{", "null", "{}", "[1]", """{"trainPatients":["a"],"heldOutPatients":["a"]}"""])
        {
            File.WriteAllText(folder["bad.json"], bad);
            Assert.Throws<MarrowException>(() => PatientSplit.Load(folder["bad.json"], Samples([1])));
        }
        Assert.Throws<MarrowException>(() => PatientSplit.Create(Samples([1, 1]), 0.5, 1));
    }

    [Fact]
    public void The_digest_of_files_changes_with_names_and_sizes_only()
    {
        using var folder = new TemporaryFolder();
        WriteText(folder["a.png"], "1234");
        WriteText(folder["b.png"], "12");
        string Digest() => PatientSplit.FilesDigest(DatasetCatalogue.Open(Request("images", folder.Path)));
        var first = Digest();
        Assert.Matches("^[0-9a-f]{64}$", first);
        WriteText(folder["a.png"], "4321");
        Assert.Equal(first, Digest());
        WriteText(folder["a.png"], "43210");
        Assert.NotEqual(first, Digest());
    }
}

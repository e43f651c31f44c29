using CsCheck;
using Marrow.Training.Ranking;

namespace Marrow.Tests.Ranking;

public class PatientFoldsTests
{
    [Fact]
    public void No_patient_is_in_two_folds_and_every_fold_has_one() =>
        Gen.Select(Gen.Int[0, 11].Array[30, 80], Gen.Int[3, 6], Gen.ULong)
            .Sample(
                (patientOf, folds, seed) =>
                {
                    string[] patients = [.. patientOf.Select(p => $"p{p}")];
                    if (patients.Distinct().Count() < folds)
                        return;
                    double[][] strata = [.. patientOf.Select(p => (double[])[p % 3 == 0 ? 1 : 0])];
                    var fold = PatientFolds.Assign(patients, strata, folds, seed);
                    Assert.All(patients.Zip(fold).GroupBy(x => x.First), g =>
                        Assert.Single(g.Select(x => x.Second).Distinct()));
                    Assert.Equal(Enumerable.Range(0, folds), fold.Distinct().Order());
                    Assert.Equal(fold, PatientFolds.Assign(patients, strata, folds, seed));
                },
                iter: 200);

    [Fact]
    public void Each_fold_has_its_share_of_a_rare_finding_and_of_the_images()
    {
        string[] patients = [.. Enumerable.Range(0, 200).Select(i => $"p{i / 2}")];
        // A tenth of the patients have the first, half of them the second.
        double[][] strata = [.. Enumerable.Range(0, 200).Select(i => (double[])[i / 2 % 10 == 0 ? 1 : 0, i / 2 % 2])];
        var fold = PatientFolds.Assign(patients, strata, 5, 3);
        for (var f = 0; f < 5; f++)
        {
            int[] images = [.. Enumerable.Range(0, 200).Where(i => fold[i] == f)];
            Assert.Equal(4, images.Sum(i => strata[i][0]));
            Assert.InRange(images.Sum(i => strata[i][1]), 18, 22);
            Assert.InRange(images.Length, 36, 44);
        }
    }

    [Fact]
    public void Ranges_of_values_hold_equally_many()
    {
        var strata = PatientFolds.Quantiles([5, 1, 4, 2, 3, 6, 8, 7, 10, 9], 5);
        Assert.All(Enumerable.Range(0, 5), bin => Assert.Equal(2, strata.Sum(row => row[bin])));
        Assert.Equal(strata[1], strata[3]); // 1 and 2
    }

    [Fact]
    public void Fewer_patients_than_folds_are_refused()
    {
        var e = Assert.Throws<MarrowException>(() => PatientFolds.Assign(["a", "a", "b"], [[1.0], [0.0], [1.0]], 3, 1));
        Assert.Contains("2 in 3 images", e.Message);
    }
}

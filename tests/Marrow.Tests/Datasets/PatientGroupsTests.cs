using Marrow.Datasets;
using Marrow.Datasets.Copies;

namespace Marrow.Tests.Datasets;

public class PatientGroupsTests
{
    private static Sample[] Samples(params string[] patients) =>
        [.. patients.Select((p, i) => new Sample(id: $"{i}", imagePath: $"{i}.png", patient: p))];

    private static PatientGroups Groups(Sample[] samples, params (int First, int Second)[] pairs) =>
        PatientGroups.Join(samples, new(
            [.. pairs.Select(p => new FilmPair($"{p.First}.png", $"{p.Second}.png", 0.9, false))], CopySearch.Crops));

    [Fact]
    public void Patients_who_share_films_get_the_ordinally_smallest_of_their_names()
    {
        var samples = Samples("9", "10", "b", "a", "9", "c");
        var groups = Groups(samples, (0, 1), (2, 3), (4, 5));
        Assert.Equal([["10", "9", "c"], ["a", "b"]], groups.Joined);
        var joined = groups.Join(samples);
        Assert.Equal(["10", "10", "a", "a", "10", "10"], joined.Select(s => s.Patient));
        Assert.Equal(samples.Select(s => s.Patient), joined.Select(s => s.OwnPatient));
        Assert.Equal("3 pairs of films show the same film; 5 patients are joined to 2", $"{groups}");
    }

    [Fact]
    public void Copies_of_one_patient_and_files_without_copies_join_nobody()
    {
        var samples = Samples("1", "1", "2");
        var groups = Groups(samples, (0, 1));
        Assert.Empty(groups.Joined);
        Assert.Same(samples, groups.Join(samples));
        Assert.Equal("1 pair of films shows the same film; no patients are joined", $"{groups}");
        Assert.Equal("", $"{PatientGroups.Own}");
    }

    [Fact]
    public void One_file_under_two_patients_joins_them() =>
        Assert.Equal(
            [["x", "y"]],
            PatientGroups.Join(
                [
                    new(id: "a", imagePath: "one.png", patient: "y"),
                    new(id: "b", imagePath: "one.png", patient: "x"),
                ],
                CopyReport.Nothing).Joined);

    [Fact]
    public void A_saved_split_has_the_groups_by_which_it_was_made()
    {
        using var folder = new TemporaryFolder();
        var samples = Samples("a", "b", "c", "d", "e", "f");
        var groups = Groups(samples, (1, 4));
        var split = PatientSplit.Create(groups.Join(samples), 0.3, 2) with { Groups = groups };
        split.Save(folder["split.json"]);

        var loaded = PatientSplit.Load(folder["split.json"], samples);
        Assert.Equal(split.HeldOut.Select(s => (s.Id, s.Patient)), loaded.HeldOut.Select(s => (s.Id, s.Patient)));
        Assert.Equal(GroupRule.PatientsAndCopies, loaded.Groups.Rule);
        Assert.Equal(groups.Joined, loaded.Groups.Joined);
        Assert.False(loaded.Groups.IsEarlier);
        Assert.Equal("2 patients are joined to 1, as the run began", $"{loaded.Groups}");
    }

    [Fact]
    public void A_split_that_does_not_say_how_groups_were_made_is_of_the_patients_alone()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(
            folder["split.json"],
            """{"seed": 1, "heldOutFraction": 0.5, "trainPatients": ["a"], "heldOutPatients": ["b"]}""");
        var groups = PatientSplit.LoadGroups(folder["split.json"]);
        Assert.True(groups.IsEarlier);
        Assert.Equal((GroupRule.Patients, 0), (groups.Rule, groups.Joined.Count));
        File.WriteAllText(
            folder["split.json"],
            """
            {"groups": "patientsAndCopies", "joinedPatients": [[]], "seed": 1, "heldOutFraction": 0.5,
             "trainPatients": ["a"], "heldOutPatients": ["b"]}
            """);
        Assert.Contains("empty list", Assert.Throws<MarrowException>(
            () => PatientSplit.LoadGroups(folder["split.json"])).Message);
    }
}

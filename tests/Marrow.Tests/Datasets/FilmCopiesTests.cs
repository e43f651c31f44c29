using Marrow.Datasets;
using Marrow.Datasets.Copies;
using Marrow.Imaging;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

/// <summary>Copies of films are found by what they show, and what is no copy is not.</summary>
public sealed class FilmCopiesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public FilmCopiesTests() => UserCache.Place.Value = (_folder["cache"], true);

    public void Dispose()
    {
        UserCache.Place.Value = null;
        _folder.Dispose();
    }

    private string Film(string name) => Path.Combine(_folder.Path, "films", name);

    private void Write(int patients)
    {
        for (var patient = 0; patient < patients; patient++)
            CopiedFilms.Write(Film($"{patient}.jpg"), patient);
    }

    private string[] Films => Directory.GetFiles(_folder["films"]);

    private IReadOnlyList<FilmPair> Find() => FilmCopies.Within(_folder["films"], Films).Pairs;

    [Fact]
    public void A_comparison_of_more_films_than_are_kept_takes_no_more_memory_than_that()
    {
        using var body = new FilmCacheFile.BoundedStream(100);
        using var writer = new BinaryWriter(body);
        for (var i = 0; i < 25; i++)
            writer.Write(i);
        writer.Flush();
        Assert.False(body.IsFull);
        writer.Write((byte)1);
        writer.Write("more");
        writer.Flush();
        Assert.True(body.IsFull);
        Assert.Equal(100, body.Length);
    }

    [Fact]
    public void A_copy_is_found_whatever_was_done_to_it()
    {
        Write(7);
        CopiedFilms.Copy(Film("0.jpg"), Film("0-cropped.jpg"), left: 0.2, bottom: 0.2);
        CopiedFilms.Copy(Film("1.jpg"), Film("1-scaled.jpg"), scale: 0.6, quality: 40);
        CopiedFilms.Copy(Film("2.jpg"), Film("2-mirrored.jpg"), mirror: true, right: 0.1);
        CopiedFilms.Copy(Film("3.jpg"), Film("3-inverted.jpg"), invert: true, top: 0.1);
        CopiedFilms.Copy(Film("4.jpg"), Film("4-contrast.jpg"), gamma: 1.8, left: 0.05, right: 0.1);
        CopiedFilms.Copy(Film("5.jpg"), Film("5-all.jpg"), 0.1, 0.05, 0.1, 0.15, 0.7, 0.7, mirror: true, quality: 60);

        var pairs = Find();

        Assert.Equal(
            ["0-cropped 0", "1-scaled 1", "2-mirrored 2", "3-inverted 3", "4-contrast 4", "5-all 5"],
            pairs.Select(p => $"{Stem(p.First)} {Stem(p.Second)}"));
        Assert.Equal([false, false, true, false, false, true], pairs.Select(p => p.Mirrored));
        Assert.Equal([false, false, false, true, false, false], pairs.Select(p => p.IsInverted));
        Assert.All(pairs, p => Assert.InRange(Math.Abs(p.Correlation), FilmCopies.LeastCorrelation, 1));

        static string Stem(string path) => Path.GetFileNameWithoutExtension(path);
    }

    [Fact]
    public void A_film_that_keeps_only_the_middle_of_another_is_found()
    {
        Write(4);
        CopiedFilms.Copy(Film("2.jpg"), Film("middle.jpg"), 0.18, 0.18, 0.18, 0.18);
        var pair = Assert.Single(Find());
        Assert.Equal((Film("2.jpg"), Film("middle.jpg")), (pair.First, pair.Second));
    }

    [Fact]
    public void Films_of_others_and_films_on_which_a_patient_stands_otherwise_are_no_copies()
    {
        Write(10);
        for (var patient = 0; patient < 4; patient++)
        {
            // Two films of a phantom show its body in one posture.
            CopiedFilms.Write(_folder["again.jpg"], patient, film: 1);
            CopiedFilms.Copy(_folder["again.jpg"], Film($"{patient}-again.jpg"), bend: 0.04);
        }
        Assert.Empty(Find());
    }

    [Fact]
    public void Films_that_show_nothing_are_told_from_no_other()
    {
        foreach (var name in (string[])["a.png", "b.png"])
            ImageWriter.WritePng8(Film(name), 100, 200, new byte[20_000]);
        WriteText(Film("broken.png"), "no image at all");
        Assert.Empty(Find());
    }

    [Fact]
    public void Films_of_two_lists_are_compared_with_each_other_only()
    {
        Write(3);
        CopiedFilms.Copy(Film("0.jpg"), Film("0-own.jpg"), left: 0.1);
        CopiedFilms.Copy(Film("1.jpg"), _folder["others/x.jpg"], mirror: true);
        var pair = Assert.Single(FilmCopies.Between(
            _folder["films"], Films, _folder["others"], [_folder["others/x.jpg"]]).Pairs);
        Assert.Equal((Film("1.jpg"), _folder["others/x.jpg"]), (pair.First, pair.Second));
    }

    [Fact]
    public void What_was_found_is_kept_until_a_film_changes()
    {
        Write(3);
        CopiedFilms.Copy(Film("0.jpg"), Film("copy.jpg"), left: 0.1);
        var reads = 0;
        IReadOnlyList<FilmPair> Watched() => FilmCopies.Within(_folder["films"], Films, new(_ => reads++)).Pairs;

        var first = Watched();
        Assert.Equal(8, reads); // each film is read and compared
        Assert.Equal(first, Watched());
        Assert.Equal(8, reads);
        CopiedFilms.Write(Film("copy.jpg"), 9);
        Assert.Empty(Watched());
        Assert.Equal(16, reads);
        foreach (var file in Directory.GetFiles(_folder["cache/films"]))
            File.WriteAllText(file, "damaged");
        Assert.Empty(Watched());
        Assert.Equal(24, reads);
    }

    [Fact]
    public void So_many_films_that_they_can_not_be_compared_are_said_to_be_not()
    {
        Assert.Equal(CopySearch.Crops, SearchPlan.Of(500, 500).Search);
        Assert.Equal(CopySearch.MildCrops, SearchPlan.Of(5_216, 5_216).Search);
        Assert.Equal(CopySearch.WholeFilms, SearchPlan.Of(40_000, 40_000).Search);
        Assert.Equal(CopySearch.None, SearchPlan.Of(200_000, 200_000).Search);
        Assert.Contains("too many films", new CopyReport([], CopySearch.None).Remark);
        Assert.Contains("nearly the same part", new CopyReport([], CopySearch.WholeFilms).Remark);
    }

    [Fact]
    public void A_check_lists_the_pairs_and_in_what_their_labels_differ()
    {
        Write(3);
        CopiedFilms.Copy(Film("0.jpg"), Film("3.jpg"), mirror: true, left: 0.1);
        CopiedFilms.Copy(Film("1.jpg"), Film("4.jpg"), top: 0.1);
        WriteText(Film("labels.csv"), "path,patient,edema",
            "0.jpg,p0,1", "1.jpg,p1,0", "2.jpg,p2,0", "3.jpg,p3,0", "4.jpg,p1,0");

        var report = DataCheck.Run(
            Request("csv", _folder["films"], new() { Kind = "findings", LabelColumns = ["edema"] }));

        Assert.Equal(["0.jpg", "1.jpg"], report.Faults.Select(f => f.File));
        Assert.All(report.Faults, f => Assert.Equal("same-film", f.Kind));
        Assert.Matches(
            @"^The same film as 3\.jpg, of another patient \(correlation 0\.9\d, mirrored\)\. "
                + @"Their labels differ: edema 1 and 0\.$",
            report.Faults[0].Detail);
        Assert.Matches(
            @"^The same film as 4\.jpg, of the same patient \(correlation 0\.9\d\)\.$",
            report.Faults[1].Detail);
        Assert.Equal([false, true], report.SameFilms.Select(f => f.SamePatient));
    }
}

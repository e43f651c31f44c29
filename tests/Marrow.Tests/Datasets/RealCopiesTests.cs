using Marrow.Datasets;
using Marrow.Datasets.Copies;

namespace Marrow.Tests.Datasets;

/// <summary>On the published films, which are found by MARROW_DATA and never committed.</summary>
[Trait("Category", "RealData")]
public class RealCopiesTests
{
    /// <summary>The pairs that were found by hand in SpineWeb 16, without what all names begin with.</summary>
    private static readonly (string, string)[] s_spineWeb =
    [
        ("10-Jan-2017-238 A AP", "10-Jan-2017-239 A AP"),
        ("10-Jan-2017-238 B AP", "10-Jan-2017-239 B AP"),
        ("10-Jan-2017-238 C AP", "10-Jan-2017-239 C AP"),
        ("10-Jan-2017-238 D AP", "10-Jan-2017-239 D AP"),
        ("11-Jan-2017-254 M AP", "11-Jan-2017-254 N AP"),
        ("11-Jan-2017-254 M AP", "11-Jan-2017-254 O AP"),
        ("11-Jan-2017-254 N AP", "11-Jan-2017-254 O AP"),
        ("11-Jan-2017-255 C AP", "11-Jan-2017-255 D AP"),
        ("20-Jul-2016-1 A AP", "20-Jul-2016-coronal4"),
        ("20-Jul-2016-12 A AP", "26-Jul-2016-85 A AP"),
        ("20-Jul-2016-16 C AP", "20-Jul-2016-coronal15"),
        ("20-Jul-2016-5 A AP", "20-Jul-2016-coronal8"),
        ("20-Jul-2016-coronal10", "20-Jul-2016-coronal3"),
        ("20-Jul-2016-coronal11", "25-Jul-2016-63 C AP"),
        ("20-Jul-2016-coronal12", "25-Jul-2016-48 A AP"),
        ("20-Jul-2016-coronal9", "24-Jul-2016-35 D AP"),
        ("22-Nov-2016-141 A AP", "26-Jul-2016-77 A AP"),
        ("22-Nov-2016-141 B AP", "26-Jul-2016-77 C AP"),
        ("22-Nov-2016-141 D AP", "26-Jul-2016-77 D AP"),
        ("22-Nov-2016-153 A AP", "26-Jul-2016-78 A AP"),
        ("22-Nov-2016-153 B AP", "26-Jul-2016-78 B AP"),
        ("26-Jul-2016-79 C AP", "29-Dec-2016-157 A AP"),
        ("26-Jul-2016-80 A AP", "30-Dec-2016-159 A AP2"),
    ];

    /// <summary>
    /// One more, darker and cropped by an eighth, which was found by this search: the same ribs, gas and fluid.
    /// </summary>
    private static readonly (string, string) s_late = ("05-Jan-2017-167 A AP", "26-Jul-2016-82 A AP");

    private static CopyReport Find(string format, string name, out Dataset dataset)
    {
        var data = Environment.GetEnvironmentVariable("MARROW_DATA");
        Assert.SkipWhen(
            string.IsNullOrEmpty(data) || !Directory.Exists(Path.Combine(data, name)),
            $"MARROW_DATA names no folder with {name}.");
        dataset = DatasetCatalogue.Open(new()
        {
            Name = name,
            Format = format,
            Root = Path.Combine(data!, name),
            Options = new()
            {
                Faults = format == "spineweb16" ? "keep" : null,
                LabelColumns = name == "fracatlas" ? ["fractured"] : [],
            },
        });
        return FilmCopies.Within(dataset.Root, dataset.Samples.Select(s => s.ImagePath));
    }

    private static string Stem(string path) => Path.GetFileNameWithoutExtension(path);

    [Fact(Explicit = true)]
    public void The_copies_of_spineweb16_are_found_and_nothing_else()
    {
        const string start = "sunhl-1th-";
        var report = Find("spineweb16", "spineweb16", out var dataset);
        Assert.Equal(
            s_spineWeb.Append(s_late).Order(),
            report.Pairs.Select(p => (Stem(p.First)[start.Length..], Stem(p.Second)[start.Length..])).Order());
        Assert.All(report.Pairs, p => Assert.False(p.Mirrored));
        Assert.All(report.Pairs, p => Assert.InRange(p.Correlation, 0.83, 1));
        Assert.Equal(237, dataset.Samples.DistinctBy(s => s.Patient).Count());
        Assert.Equal(223, PatientGroups.Join(dataset.Samples, report).Join(dataset.Samples)
            .DistinctBy(s => s.Patient).Count());
    }

    [Fact(Explicit = true)]
    public void The_copies_of_fracatlas_are_found()
    {
        var report = Find("csv", "fracatlas", out _);
        Assert.Equal(CopySearch.MildCrops, report.Search);
        // Two runs of numbers are one film each, the second counted backwards.
        Assert.Contains(report.Pairs, p => (Stem(p.First), Stem(p.Second)) == ("IMG0002745", "IMG0004116"));
        Assert.Contains(report.Pairs, p => (Stem(p.First), Stem(p.Second)) == ("IMG0002646", "IMG0004072"));
        // The same film with another contrast and another margin.
        Assert.Contains(report.Pairs, p => (Stem(p.First), Stem(p.Second)) == ("IMG0000017", "IMG0000018"));
        Assert.True(report.Pairs.Count >= 84);
    }

    [Fact(Explicit = true)]
    public void The_copies_of_the_paediatric_chests_are_found()
    {
        var report = Find("csv", "cxr-pediatric", out _);
        Assert.Equal(29, report.Pairs.Count);
        Assert.All(report.Pairs, p => Assert.InRange(p.Correlation, 0.85, 1));
    }
}

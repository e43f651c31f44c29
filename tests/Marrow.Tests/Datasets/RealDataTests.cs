using System.Text.Json;
using Marrow.Datasets;

namespace Marrow.Tests.Datasets;

/// <summary>On the published images, which are found by MARROW_DATA and never committed.</summary>
[Trait("Category", "RealData")]
public class RealDataTests
{
    private static string Root(string name)
    {
        var data = Environment.GetEnvironmentVariable("MARROW_DATA");
        Assert.SkipWhen(
            string.IsNullOrEmpty(data) || !Directory.Exists(Path.Combine(data, name)),
            $"MARROW_DATA names no folder with {name}.");
        return Path.Combine(data!, name);
    }

    private static DatasetRequest SpineWeb(string? faults = null, string? landmarks = null) => new()
    {
        Name = "spineweb16",
        Format = "spineweb16",
        Root = Root("spineweb16"),
        Options = new DatasetOptions { Faults = faults, Landmarks = landmarks },
    };

    [Fact(Explicit = true)]
    public void The_known_label_faults_are_found()
    {
        var dataset = DatasetCatalogue.Open(SpineWeb());
        string[] Files(string kind, string action) =>
            [.. dataset.Faults.Where(f => f.Kind == kind && f.Action == action).Select(f => f.File)];

        Assert.Equal(18, Files("rolled-points", "repaired").Length);
        Assert.Contains("data/training/sunhl-1th-30-Dec-2016-161 A AP.jpg", Files("absurd-shape", "dropped"));
        Assert.Equal(
            7,
            Files("overlapping-vertebrae", "dropped")
                .Distinct()
                .Count(f => !Files("absurd-shape", "dropped").Contains(f)));
        Assert.Equal(471, dataset.Samples.Count);
        Assert.Equal(481, DatasetCatalogue.Open(SpineWeb("keep")).Samples.Count);
        Assert.All(dataset.Samples, s => Assert.True(MarkedSpine.Judge(s.Vertebrae).IsSound));
        Assert.All(dataset.Samples, s => Assert.InRange(s.CobbDegrees[0], 0, 100));
    }

    [Fact(Explicit = true)]
    public void Both_landmark_files_agree()
    {
        var csv = DatasetCatalogue.Open(SpineWeb("keep"));
        var mat = DatasetCatalogue.Open(SpineWeb("keep", "mat"));
        Assert.All(csv.Samples.Zip(mat.Samples), pair =>
            Assert.All(pair.First.Vertebrae.Zip(pair.Second.Vertebrae), v =>
                Assert.InRange(v.First.BottomRight.DistanceTo(v.Second.BottomRight), 0, 0.06)));
    }

    [Fact(Explicit = true)]
    public void The_check_of_spineweb16_reproduces_the_published_angles()
    {
        var report = DataCheck.Run(SpineWeb());
        TestContext.Current.TestOutputHelper!.WriteLine(JsonSerializer.Serialize(report, MarrowJson.Options));
        Assert.Equal(481, report.Samples);
        Assert.Equal(481, report.ImagesReadable);
        Assert.InRange(report.AnglesReproduced!.Value, 475, 481);
    }

    [Fact(Explicit = true)]
    public void The_paediatric_radiographs_are_read_with_defaults()
    {
        var report = DataCheck.Run(new DatasetRequest { Name = "cxr", Format = "csv", Root = Root("cxr-pediatric") });
        TestContext.Current.TestOutputHelper!.WriteLine(JsonSerializer.Serialize(report, MarrowJson.Options)[..2000]);
        Assert.Equal(5216, report.ImagesReadable);
        Assert.Equal(["bacteria", "normal", "virus"], report.Classes.Keys.Order());
        Assert.Equal(new ClassCount(1341, 3875, 0), report.Classes["normal"]);
    }
}

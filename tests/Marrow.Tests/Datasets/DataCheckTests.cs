using System.Text.Json;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Phantoms;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Datasets;

public sealed class DataCheckTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Everything_wrong_with_a_folder_is_listed()
    {
        WriteImage(_folder["good.png"], 1);
        WriteImage(_folder["twin.png"], 1);
        WriteImage(_folder["cut.png"], 2);
        File.WriteAllBytes(_folder["cut.png"], File.ReadAllBytes(_folder["cut.png"])[..^40]);
        WriteText(_folder["text.png"], "no image at all");
        WriteImage(_folder["tiny.png"], 3, 8, 8);
        ImageWriter.WritePng8(_folder["black.png"], 20, 20, new byte[400]);
        WriteText(_folder["labels.csv"], "path,patient,edema",
            "good.png,p1,1", "twin.png,p2,0", "cut.png,p3,0", "text.png,p4,", "tiny.png,p5,1", "black.png,p6,1",
            "gone.png,p7,1", "good.png,p1,1", "../x.png,p8,0", "good2.png,p9,7");

        var report = DataCheck.Run(Request("csv", _folder.Path, new() { Kind = "findings", LabelColumns = ["edema"] }));

        Assert.Equal((6, 3, 6), (report.Samples, report.ImagesReadable, report.Patients));
        Assert.Equal(new ClassCount(3, 2, 1), report.Classes["edema"]);
        Assert.Equal(
            [
                ("blank-image", "black.png"),
                ("truncated-image", "cut.png"),
                ("missing-image", "gone.png"),
                ("duplicate-row", "good.png"),
                ("bad-row", "line 10"),
                ("bad-row", "line 11"),
                ("unreadable-image", "text.png"),
                ("wrong-size-image", "tiny.png"),
                ("duplicate-image", "twin.png"),
            ],
            report.Faults.Select(f => (f.Kind, f.File)));
        Assert.Equal(2, report.FaultCounts["bad-row"]);
    }

    [Fact]
    public void Patients_and_images_in_two_splits_are_leaks()
    {
        WriteImage(_folder["a.png"], 1);
        WriteImage(_folder["b.png"], 2);
        WriteImage(_folder["c.png"], 1);
        WriteText(
            _folder["labels.csv"],
            "path,patient,label,split",
            "a.png,p1,x,train",
            "b.png,p2,y,train",
            "c.png,p2,y,valid");
        foreach (var split in (string?[])["train", null])
        {
            var report = DataCheck.Run(Request("csv", _folder.Path, new() { Split = split }));
            Assert.Equal(
                [("image-leakage", "a.png"), ("patient-leakage", "b.png")],
                report
                    .Faults.Where(f => f.Kind.EndsWith("leakage", StringComparison.Ordinal))
                    .Select(f => (f.Kind, f.File)));
        }
    }

    [Fact]
    public void Spines_are_measured_and_their_files_compared()
    {
        var sound = MakeSpine();
        WriteSpineWeb(
            _folder.Path,
            ("a-1 A AP.png", sound),
            ("a-2 A AP.png", [.. sound[1..], sound[0]]),
            ("a-3 A AP.png", MakeSpine(0.1)));
        var angles = File.ReadAllLines(_folder["labels/training/angles.csv"]);
        angles[2] = "90,0,0";
        WriteText(_folder["labels/training/angles.csv"], angles);
        File.WriteAllBytes(_folder["labels/training/a-1 A AP.png.mat"], MatFileTests.Hand());

        var report = DataCheck.Run(Request("spineweb16", _folder.Path));
        Assert.Equal((3, 3, 2), (report.Samples, report.ImagesReadable, report.AnglesReproduced));
        Assert.Equal(
            [("bad-mat", "a-1"), ("rolled-points", "a-2"), ("angles-differ", "a-3")],
            report.Faults.Select(f => (f.Kind, f.File["data/training/".Length..][..3])));

        var json = JsonSerializer.SerializeToElement(report, MarrowJson.Options);
        Assert.Equal(2, json.GetProperty("anglesReproduced").GetInt32());
        Assert.Equal("data/training/a-1 A AP.png", json.GetProperty("faults")[0].GetProperty("file").GetString());
    }

    [Fact]
    public void Phantoms_have_no_fault()
    {
        // Films of one phantom show its body in one posture, which the check may remark on.
        PhantomWriter.WriteSpine(_folder["spine"], 4, seed: 3, new() { RepeatedFilms = 0 });
        var spines = DataCheck.Run(Request("spineweb16", _folder["spine"]));
        Assert.Equal((4, 4), (spines.ImagesReadable, spines.AnglesReproduced));
        Assert.Empty(spines.Faults);

        PhantomWriter.WriteChest(_folder["chest"], 8, seed: 3);
        var chests = DataCheck.Run(Request("chexpert", _folder["chest"], new() { Blank = "zeros" }));
        Assert.Equal(chests.Samples, chests.ImagesReadable);
        Assert.Empty(chests.Faults);
    }

    [Fact]
    public void Progress_reaches_the_end()
    {
        foreach (var i in Enumerable.Range(0, 5))
            WriteImage(_folder[$"{i}.png"], i);
        var seen = new System.Collections.Concurrent.ConcurrentBag<Progress>();
        DataCheck.Run(Request("images", _folder.Path), seen.Add);
        Assert.Equal(["films compared", "films read", "test"], seen.Select(p => p.What).Distinct().Order());
        Assert.All(seen.GroupBy(p => p.What), part => Assert.Equal([1, 2, 3, 4, 5], part.Select(p => p.Done).Order()));
        Assert.All(seen, p => Assert.Equal(5, p.Total));
    }
}

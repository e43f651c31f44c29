using Marrow.Datasets;
using Marrow.Phantoms;
using SkiaSharp;

namespace Marrow.Tests.Phantom;

public class PhantomWriterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-phantom-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Spine_folders_have_the_layout_of_the_real_set()
    {
        PhantomWriter.WriteSpine(_folder, 9, 3, new() { Width = 96, Height = 264, RepeatedFilms = 0.6 });
        var labels = Path.Combine(_folder, "labels", "training");
        var names = File.ReadAllLines(Path.Combine(labels, "filenames.csv"));
        Assert.Equal(9, names.Distinct().Count());
        Assert.All(names, name => Assert.Matches(@"^phantom-1th-01-Jan-2026-\d+ [A-E] AP\.jpg$", name));
        Assert.True(names.Select(n => n.Split(' ')[0]).Distinct().Count() < 9, "Some patients have two films.");
        Assert.All(names, name =>
        {
            using var codec = SKCodec.Create(Path.Combine(_folder, "data", "training", name));
            Assert.InRange(codec.Info.Width, 86, 106);
            Assert.InRange(codec.Info.Height, 237, 291);
        });
        Assert.All(File.ReadAllLines(Path.Combine(labels, "landmarks.csv")), row =>
            Assert.Equal(136, row.Split(',').Length));
        Assert.All(File.ReadAllLines(Path.Combine(labels, "angles.csv")), row =>
            Assert.Equal(3, row.Split(',').Length));
    }

    [Fact]
    public void Chest_folders_have_the_layout_of_the_real_set()
    {
        PhantomWriter.WriteChest(_folder, 24, 3, new() { Width = 64, Height = 64, ValidationShare = 0.3 });
        var train = File.ReadAllLines(Path.Combine(_folder, "train.csv"));
        var valid = File.ReadAllLines(Path.Combine(_folder, "valid.csv"));
        Assert.StartsWith("Path,Sex,Age,Frontal/Lateral,AP/PA,No Finding,Enlarged Cardiomediastinum,", train[0]);
        Assert.Equal(train[0], valid[0]);
        Assert.Equal(24 + 2, train.Length + valid.Length);
        var rows = train[1..].Concat(valid[1..]).Select(line => line.Split(',')).ToArray();
        Assert.All(rows, row => Assert.Equal(19, row.Length));
        Assert.All(rows, row =>
            Assert.True(File.Exists(Path.Combine(_folder, row[0]["CheXpert-v1.0-small/".Length..]))));
        Assert.All(valid[1..], line => Assert.All(line.Split(',')[5..], label => Assert.True(label is "1.0" or "0.0")));
        Assert.Contains(train[1..], line => line.Split(',')[5..].Contains("-1.0"));
        Assert.Contains(train[1..], line => line.Split(',')[5..].Contains(""));
        string Patient(string line) => line.Split('/')[2];
        Assert.Empty(train[1..].Select(Patient).Intersect(valid[1..].Select(Patient)));
    }

    [Fact]
    public void The_same_seed_writes_the_same_bytes()
    {
        var options = new PhantomOptions { Width = 80, Height = 200 };
        var (a, b) = (Path.Combine(_folder, "a"), Path.Combine(_folder, "b"));
        PhantomWriter.WriteSpine(a, 5, 9, options);
        PhantomWriter.WriteSpine(b, 5, 9, options);
        PhantomWriter.WriteChest(a, 5, 9, options);
        PhantomWriter.WriteChest(b, 5, 9, options);
        var files = Directory.GetFiles(a, "*", SearchOption.AllDirectories);
        Assert.Equal(5 + 3 + 5 + 2 + 1, files.Length); // dataset.json is the same for both
        Assert.All(files, file =>
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(b, Path.GetRelativePath(a, file)))));
    }

    [Fact]
    public void The_readers_of_the_real_sets_read_phantoms_without_a_fault()
    {
        var (spines, chests) = (Path.Combine(_folder, "spines"), Path.Combine(_folder, "chests"));
        PhantomWriter.WriteSpine(spines, 12, 4, new() { Width = 128, Height = 352 });
        PhantomWriter.WriteChest(chests, 12, 4, new() { ValidationShare = 0.25 });

        var request = new DatasetRequest { Name = "spines", Format = "spineweb16", Root = spines };
        var report = DataCheck.Run(request);
        // A patient's second film shows the same spine anew: a remark, since it is the same patient.
        Assert.All(report.Faults, fault => Assert.Equal("same-film", fault.Kind));
        Assert.All(report.SameFilms, pair => Assert.True(pair.SamePatient));
        Assert.Equal((12, 12, 12), (report.Samples, report.ImagesReadable, report.AnglesReproduced));
        Assert.Equal("CC0-1.0", report.License);
        var sample = DatasetCatalogue
            .Open(request)
            .Samples.Single(s => s.Id.EndsWith("-1 A AP.jpg", StringComparison.Ordinal));
        var phantom = PhantomGenerator.Spine(4, 0, 0, new() { Width = 128, Height = 352 });
        Assert.All(sample.Vertebrae.Zip(phantom.Vertebrae), v =>
            Assert.Equal(0, v.First.TopLeft.DistanceTo(v.Second.TopLeft), 1e-3));
        Assert.All(sample.CobbDegrees.Zip(phantom.Cobb.Degrees), a => Assert.Equal(a.Second, a.First, 1e-3));

        var parts = ((string[])["train", "valid"]).Select(split => DatasetCatalogue.Open(new()
        {
            Name = "chests",
            Format = "chexpert",
            Root = chests,
            Options = new() { Split = split, Blank = "masked" },
        })).ToArray();
        Assert.Equal(12, parts.Sum(part => part.Samples.Count));
        Assert.All(parts, part => Assert.Equal(ChestFindings.Names, part.Classes));
        Assert.All(parts, part => Assert.Empty(part.Faults));
        Assert.All(parts[1].Samples, s => Assert.DoesNotContain(s.Labels, float.IsNaN));
    }

    [Fact]
    public void An_empty_order_is_refused() =>
        Assert.Throws<MarrowException>(() => PhantomWriter.WriteSpine(_folder, 0, 1));
}

using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Phantoms;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

/// <summary>
/// Shipped recipes carried out on small made-up data sets in the exact formats of the real ones, with small models and
/// few steps.
/// </summary>
public sealed class ShippedRecipeRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private IReadOnlyList<StageResult> Run(
        string recipe,
        string data,
        Func<string, Checkpoint>? resolve = null,
        params string[] overrides)
    {
        var read = RecipeReader.Read(Path.Combine(Repository.Root(), "recipes", recipe), overrides);
        return Runner.Run(new()
        {
            Recipe = read,
            DataFolders = new Dictionary<string, string> { [data] = _folder["data"] },
            OutFolder = _folder["out"],
            HubFolder = _folder["hub"],
            Command = $"marrow run recipes/{recipe}",
            Resolve = resolve ?? (name => throw new MarrowException($"{name}: no hub here.")),
        }, _ => { }, TestContext.Current.CancellationToken);
    }

    private static string[] Small(params string[] more) =>
        ["*.steps=3", "*.epochs=", "*.batch=2", "*.input.width=32", "*.input.height=32", "*.precision=f32", .. more];

    [Fact]
    public void CheXpert_reads_the_uncertain_label_as_the_paper_found_best()
    {
        PhantomWriter.WriteChest(_folder["data"], 60, seed: 5, new() { Width = 64, Height = 64 });
        var result = Assert.Single(
            Run("chexpert.yaml", "chexpert", null, Small("features.model=densenet-mini", "heldOut=0.2")));
        using var checkpoint = Checkpoint.Load(result.Folder);
        Assert.Equal("densenet-mini.chexpert", checkpoint.Name);
        Assert.Equal(18, checkpoint.Config.Classes.Count); // 14 findings, of which two have three classes each
        Assert.Equal(2, checkpoint.Config.ThreeClassFindings.Count);
        Assert.Contains(result.Metrics, m => m.Name == "auroc.Pleural Effusion");
    }

    [Fact]
    public void MURA_is_measured_by_study_and_its_weights_start_a_wrist_from_few_labels()
    {
        WriteMura(_folder["data"]);
        var results = Run(
            "mura.yaml",
            "mura",
            null,
            Small(
                "features.model=densenet-mini",
                "wrist.model=densenet-mini",
                "wrist-scratch.model=densenet-mini",
                "wrist.data.limit=4",
                "wrist-scratch.data.limit=4",
                "heldOut=0.5"));
        Assert.Equal(["features", "wrist", "wrist-scratch"], results.Select(r => r.Stage));
        using var features = Checkpoint.Load(results[0].Folder);
        Assert.Equal(["abnormal"], features.Config.Classes);
        var studies = results[0].Metrics.Single(m => m.Name == "study-accuracy");
        Assert.InRange(studies.Count, 1, results[0].HeldOutImages - 1); // several images a study
        Assert.Contains(results[0].Metrics, m => m.Name == "study-kappa.XR_WRIST");
        Assert.Equal(1, results[1].Receipt!.BackboneCoverage);
        Assert.Null(results[2].Receipt);
        Assert.Equal(results[2].TrainingImages, results[1].TrainingImages);
    }

    /// <summary>
    /// As the release: paths below MURA-v1.1, no headers, studies of one to three images, both parts.
    /// </summary>
    private static void WriteMura(string folder)
    {
        var number = 0;
        foreach (var (split, patients) in ((string, int)[])[("train", 16), ("valid", 16)])
        {
            var (images, studies) = (new List<string>(), new List<string>());
            for (var p = 0; p < patients; p++)
            {
                var positive = p % 2 == 0;
                var part = split == "valid" || p % 4 < 2 ? "XR_WRIST" : "XR_SHOULDER";
                var study = $"{split}/{part}/patient{(split == "train" ? p + 1 : p + 11185):00000}/"
                    + $"study1_{(positive ? "positive" : "negative")}/";
                studies.Add($"MURA-v1.1/{study},{(positive ? 1 : 0)}");
                for (var i = 1; i <= 1 + p % 3; i++)
                {
                    SmallDataSets.WriteImage(Path.Combine(folder, study, $"image{i}.png"), ++number, 40, 50);
                    images.Add($"MURA-v1.1/{study}image{i}.png");
                }
            }
            SmallDataSets.WriteText(Path.Combine(folder, $"{split}_image_paths.csv"), [.. images]);
            SmallDataSets.WriteText(Path.Combine(folder, $"{split}_labeled_studies.csv"), [.. studies]);
        }
    }

    [Fact]
    public void A_task_of_ones_own_goes_from_one_csv_to_three_checkpoints()
    {
        PhantomTable.Write(_folder["data"], 24, seed: 2, new() { Width = 64, Height = 176 });
        var results = Run("own-task.yaml", "own", null, Small());
        Assert.Equal(
            ["densenet-mini.own-class", "regress-densenet-mini.own-number", "points-densenet-mini.own-points"],
            results.Select(r => r.Checkpoint[..r.Checkpoint.IndexOf('@', StringComparison.Ordinal)]));
        Assert.Equal("degrees", results[1].Metrics.Single(m => m.Name == "mae").Unit);
        Assert.Contains(results[2].Metrics, m => m.Name == "point-error.top_left");
    }

    [Fact]
    public void Chests_start_from_a_spine_and_its_control_from_nothing()
    {
        // labels.csv as that of cxr-pediatric: path, patient, label.
        var rows = Enumerable
            .Range(0, 40)
            .Select(i => (Path: $"images/{i}.png", Patient: $"p{i}", Label: (string[])["normal", "bacteria", "virus"]))
            .ToList();
        foreach (var (row, i) in rows.Select((r, i) => (r, i)))
            SmallDataSets.WriteImage(Path.Combine(_folder["data"], row.Path), i, 40, 40);
        SmallDataSets.WriteText(
            Path.Combine(_folder["data"], "labels.csv"),
            ["path,patient,label", .. rows.Select((r, i) => $"{r.Path},{r.Patient},{r.Label[i % 3]}")]);
        using var model = Drafts.Model(architecture: "retinanet-densenet-mini");
        using var spine = (Drafts.Detector(model) with { Name = "retinanet-densenet-mini.spineweb16-scratch" }).Save(
            _folder["spines"]);
        var results = Run("experiments/chests-from-spine.yaml", "cxr", name =>
        {
            Assert.Equal("retinanet-densenet121.spineweb16-scratch", name);
            return Checkpoint.Load(spine.Path);
        }, Small("*.model=densenet-mini", "*.data.limit=9", "*.data.validation=0.2"));
        Assert.Equal(1, results[0].Receipt!.BackboneCoverage);
        Assert.Null(results[1].Receipt);
        using var chests = Checkpoint.Load(results[0].Folder);
        Assert.Equal(["bacteria", "normal", "virus"], chests.Config.Classes);
    }

    [Fact]
    public void A_checkpoint_of_another_backbone_is_refused_before_any_training()
    {
        PhantomTable.Write(_folder["data"], 12, seed: 2, new() { Width = 64, Height = 176 });
        using var model = Drafts.Model(architecture: "retinanet-densenet-mini");
        using var spine = Drafts.Detector(model).Save(_folder["spines"]);
        var error = Assert
            .Throws<MarrowException>(() =>
                Run(
                    "own-task.yaml",
                    "own",
                    _ => Checkpoint.Load(spine.Path),
                    Small(
                        "*.data.validation=0.2",
                        "points.model=points-densenet121",
                        "points.init=retinanet-densenet-mini.any")))
            .Message;
        Assert.Contains("stage points, init: retinanet-densenet-mini.any", error, StringComparison.Ordinal);
        Assert.Contains("backbone", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["out"]));
    }
}

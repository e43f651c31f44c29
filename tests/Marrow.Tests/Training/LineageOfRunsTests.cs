using System.Security.Cryptography;
using System.Text;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Tasks;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

/// <summary>What a checkpoint made by a run names, and what its children and grandchildren keep of it.</summary>
public sealed class LineageOfRunsTests
{
    private const string Few = "steps: 2, batch: 4";

    private static CheckpointManifest Manifest(StageResult stage) => CheckpointManifest.Read(stage.Folder);

    [Fact]
    public void A_checkpoint_names_data_recipe_code_seed_and_numbers()
    {
        using var run = new TinyRun(train: Few);
        new DatasetTerms("CC-BY-NC-4.0", "Somebody", "2.1").Write(run.Data);
        var stage = Runner.Run(run.Request("out"), _ => { }, TestContext.Current.CancellationToken)[^1];
        var manifest = Manifest(stage);

        var data = Assert.Single(manifest.Parents.Datasets);
        Assert.Equal(
            ("tiny", "2.1", "CC-BY-NC-4.0", "Somebody"),
            (data.Name, data.Version, data.License, data.Citation));
        Assert.Equal(FilesDigest(run.Data), data.FilesDigest);
        Assert.Equal(stage.TrainingImages, data.Samples);
        Assert.Equal((0.2, 3UL, "csv"), (data.Use!.HeldOut, data.Use.Seed, data.Use.Format));
        Assert.Equal("CC-BY-NC-4.0", manifest.License);
        var training = manifest.Origin!.Training!;
        Assert.Equal(
            (File.ReadAllText(run.RecipePath), "first", "test", 3UL),
            (training.Recipe, training.Stage, training.Command, training.Seed));
        Assert.Equal(CheckpointConfig.CodeVersion, manifest.Origin.Code);
        Assert.StartsWith(CheckpointConfig.CurrentVersion, manifest.Origin.Code);
        using var checkpoint = Checkpoint.Load(stage.Folder);
        Assert.Equal(stage.Metrics.Select(m => (m.Name, m.Value)), checkpoint.Metrics.Select(m => (m.Metric, m.Value)));
        Assert.NotEmpty(checkpoint.Metrics);
    }

    /// <summary>Name and size of each image, as the format's page says.</summary>
    private static string FilesDigest(string folder)
    {
        var lines = Directory
            .GetFiles(folder, "*.png")
            .OrderBy(Path.GetFileName, StringComparer.Ordinal)
            .Select(f => $"{Path.GetFileName(f)}\t{new FileInfo(f).Length}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }

    [Fact]
    public void A_grandchild_keeps_the_terms_of_data_that_no_hub_at_hand_tells_of()
    {
        using var run = new TinyRun(train: Few);
        var terms = new[] { "CC-BY-NC-4.0", "CC-BY-4.0", "CC0-1.0" };
        string? parent = null;
        var generations = new List<CheckpointManifest>();
        foreach (var license in terms)
        {
            // A hub of its own for each: a child is made from its parent's folder and nothing else.
            new DatasetTerms(license, Version: license).Write(run.Data);
            var name = $"generation-{generations.Count}";
            string[] settings = parent is null ? [$"first.tag={name}"] : [$"first.tag={name}", $"first.init={parent}"];
            var stage = Runner.Run(
                new(run.Request(name, overrides: settings))
                {
                    Resolve = Checkpoint.Load,
                },
                _ => { },
                TestContext.Current.CancellationToken
            )[^1];
            generations.Add(Manifest(stage));
            parent = stage.Folder;
        }

        var grandchild = generations[2];
        Assert.Equal(generations[1].Digest, Assert.Single(grandchild.Parents.Checkpoints).Digest);
        Assert.Equal("CC-BY-NC-4.0", grandchild.License);
        Assert.Contains(grandchild.Parents.Inherited, a => a is { Kind: LineageKind.Dataset, License: "CC-BY-NC-4.0" });
        Assert.Contains(grandchild.Parents.Inherited, a =>
            a.Kind == LineageKind.Checkpoint && a.Digest == generations[0].Digest);

        var hub = new LocalHub(Path.Combine(run.Folder, "generation-2", "hub"));
        Assert.Single(hub.List());
        var error = Assert.Throws<MarrowException>(() => LicenseClosure.Require(hub, grandchild, "CC-BY-4.0")).Message;
        Assert.Contains(
            "data set tiny is under CC-BY-NC-4.0, which forbids commercial use",
            error,
            StringComparison.Ordinal);
        LicenseClosure.Require(hub, grandchild, grandchild.License);
        Assert.Contains(
            "- Further back: data set tiny, licence CC-BY-NC-4.0",
            File.ReadAllText(Path.Combine(parent!, "README.md")),
            StringComparison.Ordinal);
    }
}

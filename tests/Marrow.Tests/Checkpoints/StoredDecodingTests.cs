using System.Text.Json;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Hub;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Tasks;

namespace Marrow.Tests.Checkpoints;

/// <summary>
/// The decoding that a checkpoint carries: it is written whole, decides the finding, and is held to its golden
/// finding.
/// </summary>
public sealed class StoredDecodingTests : IDisposable
{
    private readonly TemporaryFolder _hub = new();

    public void Dispose() => _hub.Dispose();

    private Checkpoint Detector()
    {
        using var model = Drafts.Model(architecture: "retinanet-densenet-mini");
        return Drafts.Detector(model).Save(_hub.Path);
    }

    /// <summary>A copy of a checkpoint with a config.json, a golden.json or both changed.</summary>
    private string Changed(Checkpoint checkpoint, string name, Action<JsonObject> config,
        Action<JsonObject>? golden = null)
    {
        var folder = Directory.CreateDirectory(_hub[name]).FullName;
        foreach (var file in Directory.GetFiles(checkpoint.Path))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        ChangedCheckpoint.Edit(folder, "config.json", config);
        if (golden is not null)
            ChangedCheckpoint.Edit(folder, "golden.json", golden);
        return folder;
    }

    private static void WithoutFinding(JsonObject golden) => golden.Remove("finding");

    private static string Finding(string folder)
    {
        using var checkpoint = Checkpoint.Load(folder);
        using var predictor = new SpinePredictor([checkpoint], Compute.Float32);
        var film = PhantomGenerator.Spine(5, 2);
        var radiograph = TestImages.Make(film.Width, film.Height, (x, y) => film.Pixels[y * film.Width + x]);
        var found = FindingJson.Write(predictor.Measure(radiograph).Finding);
        return found.Replace(checkpoint.Digest, "", StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_checkpoint_has_the_section_whole_and_a_golden_finding()
    {
        using var saved = Detector();
        using var written = JsonDocument.Parse(File.ReadAllText(Path.Combine(saved.Path, "config.json")));
        var defaults = TaskCatalogue.Get(CheckpointTask.DetectVertebrae).Decoding!;
        Assert.True(JsonElement.DeepEquals(defaults.Write(), written.RootElement.GetProperty("decoding")));
        Assert.Equal(
            ["anchors", "corners", "scores", "expectedDegrees", "confidences", "judgements"],
            saved.Golden!.Finding!.Values.Select(v => v.Name));
        using var task = saved.BuildTask();
        Assert.True(JsonElement.DeepEquals(defaults.Write(), task.Describe().Decoding!.Value));
    }

    [Fact]
    public void A_checkpoint_of_an_early_version_says_what_it_said()
    {
        using var saved = Detector();
        var early = Changed(saved, "early", config => config.Remove("decoding"), WithoutFinding);
        Assert.Equal(Finding(saved.Path), Finding(early));
    }

    [Fact]
    public void Another_value_gives_another_finding()
    {
        using var saved = Detector();
        var other = Changed(saved, "other", c => c["decoding"]!["chain"]!["spacingPerHeight"] = 2.5, WithoutFinding);
        Assert.NotEqual(Finding(saved.Path), Finding(other));
    }

    [Fact]
    public void A_value_that_was_changed_with_all_hashes_fails_the_golden_finding_at_load_and_in_the_hubs_verification()
    {
        using var saved = Detector();
        var folder = Changed(saved, "changed", config => config["decoding"]!["angles"]!["tiltErrorDegrees"] = 2.1);
        using (var changed = Checkpoint.Load(folder))
        {
            var error = Assert.Throws<MarrowException>(() => changed.BuildModel());
            Assert.StartsWith(Path.Combine(folder, "golden.json"), error.Message, StringComparison.Ordinal);
            Assert.Contains("of expectedDegrees", error.Message, StringComparison.Ordinal);
            using var unasked = changed.BuildModel(verifyGolden: false);
        }

        Assert.True(new LocalHub(_hub.Path).Verify(saved.Name).IsWhole);
        var digest = CheckpointManifest.Read(folder).Digest.Hex;
        var inHub = Path.Combine(_hub.Path, saved.Name, digest);
        Directory.Move(folder, inHub);
        var fault = Assert.Single(new LocalHub(_hub.Path).Verify(saved.Name).Faults);
        Assert.Equal(Path.Combine(inHub, "golden.json"), fault.Path);
        Assert.Contains("of expectedDegrees", fault.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_golden_finding_of_another_task_or_an_impossible_tolerance_is_refused()
    {
        using var saved = Detector();
        var loose = Changed(saved, "loose", _ => { }, golden => golden["finding"]!["tolerance"] = 2);
        var error = Assert.Throws<MarrowException>(() => Checkpoint.Load(loose));
        Assert.Contains("tolerance", error.Message, StringComparison.Ordinal);

        using var model = Drafts.Model();
        using var classifier = Drafts.Of(model).Save(_hub.Path);
        Assert.Null(classifier.Golden!.Finding);
        var golden = JsonNode.Parse(File.ReadAllText(Path.Combine(saved.Path, "golden.json")))!;
        var folder = Changed(classifier, "foreign", _ => { }, own => own["finding"] = golden["finding"]!.DeepClone());
        using var foreign = Checkpoint.Load(folder);
        error = Assert.Throws<MarrowException>(() => foreign.BuildModel());
        Assert.Contains("no finding for classify", error.Message, StringComparison.Ordinal);
    }
}

using System.Security.Cryptography;
using System.Text.RegularExpressions;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Tasks;
using TorchSharp;
using YamlDotNet.Serialization;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Checkpoints;

public sealed class CheckpointTests : IDisposable
{
    private readonly TemporaryFolder _hub = new();
    private readonly Module _model = Drafts.Model();

    public void Dispose()
    {
        _hub.Dispose();
        _model.Dispose();
    }

    [Fact]
    public void What_is_saved_is_loaded()
    {
        var draft = Drafts.Of(_model);
        using var saved = draft.Save(_hub.Path);
        using var loaded = Checkpoint.Load(saved.Path);

        Assert.Equal(saved.Digest, loaded.Digest);
        Assert.Equal("densenet-mini.phantom", loaded.Name);
        Assert.Equal(Path.Combine(_hub.Path, loaded.Name, loaded.Digest.Hex), loaded.Path);
        Assert.Equal(draft.Created, loaded.Created);
        Assert.Equal(draft.Config.Input, loaded.Config.Input);
        Assert.Equal(draft.Config.Outputs, loaded.Config.Outputs);
        Assert.Equal(draft.Config.Classes, loaded.Config.Classes);
        AssertJson.Equal(draft.Metrics, loaded.Metrics);
        AssertJson.Equal(draft.Parents.Checkpoints, loaded.Parents.Checkpoints);
        AssertJson.Equal(draft.Parents.Datasets, loaded.Parents.Datasets);
        Assert.Null(loaded.Receipt);
        Assert.Equal(
            ["README.md", "checkpoint.json", "config.json", "golden.json", "metrics.json", "model.safetensors"],
            Directory.GetFileSystemEntries(loaded.Path).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal));
        Assert.Single(Directory.GetFileSystemEntries(Path.Combine(_hub.Path, loaded.Name)));
    }

    [Fact]
    public void The_digest_is_the_hash_of_the_manifest_with_its_own_digits_as_zeros_and_the_manifest_hashes_every_file()
    {
        using var saved = Drafts.Of(_model).Save(_hub.Path);
        var manifest = File.ReadAllText(Path.Combine(saved.Path, "checkpoint.json"));
        var zeroed = manifest.Replace(saved.Digest.Hex, new string('0', 64), StringComparison.Ordinal);
        Assert.Equal(
            saved.Digest,
            "sha256:" + Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(zeroed))));
        foreach (var file in Directory.GetFiles(saved.Path).Where(f => Path.GetFileName(f) != "checkpoint.json"))
            Assert.Contains(
                Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file))),
                manifest,
                StringComparison.Ordinal);
    }

    [Fact]
    public void The_same_draft_has_the_same_digest_and_the_first_is_left_alone()
    {
        var draft = Drafts.Of(_model);
        using var first = draft.Save(_hub.Path);
        var written = File.GetLastWriteTimeUtc(Path.Combine(first.Path, "checkpoint.json"));
        using var second = draft.Save(_hub.Path);
        Assert.Equal(first.Digest, second.Digest);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(second.Path, "checkpoint.json")));
    }

    [Fact]
    public void The_model_built_from_it_gives_the_same_outputs()
    {
        using var scope = torch.NewDisposeScope();
        using var noGradients = torch.no_grad();
        using var saved = (Drafts.Of(_model) with { MatricesAs = torch.ScalarType.Float32 }).Save(_hub.Path);
        using var built = (Module<torch.Tensor, torch.Tensor>)saved.BuildModel();

        _model.eval();
        var x = torch.randn(2, 1, 64, 64);
        Assert.False(built.training);
        Assert.Equal(((Module<torch.Tensor, torch.Tensor>)_model).forward(x), built.forward(x));
    }

    [Fact]
    public void A_model_that_was_rounded_as_stored_has_the_weights_of_its_checkpoint_to_the_bit()
    {
        using var scope = torch.NewDisposeScope();
        var before = _model.state_dict().ToDictionary(w => w.Key, w => w.Value.clone());
        ModelWeights.RoundAsStored(_model);
        Assert.Contains(_model.state_dict(), w => !w.Value.Equals(before[w.Key])); // there is something to round
        using var saved = Drafts.Of(_model).Save(_hub.Path);
        using var built = saved.BuildModel();
        Assert.All(
            _model.state_dict().Zip(built.state_dict()), pair => Assert.Equal(pair.First.Value, pair.Second.Value));
        Assert.All(_model.state_dict().Values, weights => Assert.Contains(
            weights.dtype, (torch.ScalarType[])[torch.ScalarType.Float32, torch.ScalarType.Int64]));
    }

    [Fact]
    public void A_detectors_checkpoint_keeps_a_golden_sample_of_each_head()
    {
        using var detector = Drafts.Model(architecture: "retinanet-densenet-mini");
        using var saved = Drafts.Detector(detector).Save(_hub.Path);
        Assert.Equal(["classLogits", "boxDeltas", "cornerOffsets"], saved.Golden!.Outputs.Select(o => o.Name));
        using var built = saved.BuildModel();
        Assert.Equal(detector.state_dict().Keys, built.state_dict().Keys);
        Assert.Contains(
            "pipeline_tag: object-detection",
            File.ReadAllText(Path.Combine(saved.Path, "README.md")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_compute_something_else_fail_the_golden_sample()
    {
        using var saved = Drafts.Of(_model).Save(_hub.Path);
        using var other = Drafts.Model(seed: 2);
        other.eval();
        Assert.Contains(
            "as value 0 of output",
            Assert.Throws<MarrowException>(() => saved.Golden!.Verify(other, "golden.json")).Message,
            StringComparison.Ordinal);

        // A slip in one layer, of the kind a changed epsilon or stride would make.
        using var slipped = saved.BuildModel();
        using (torch.no_grad())
            slipped.state_dict()["features.norm0.running_var"].mul_(1.1);
        Assert.Throws<MarrowException>(() => saved.Golden!.Verify(slipped, "golden.json"));
    }

    [Fact]
    public void A_model_that_gives_no_numbers_is_not_saved_and_nothing_is_left()
    {
        using (torch.no_grad())
            _model.state_dict()["classifier.bias"].fill_(float.NaN);
        Assert.Contains(
            "not finite",
            Assert.Throws<MarrowException>(() => Drafts.Of(_model).Save(_hub.Path)).Message,
            StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(_hub.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Weights_of_another_shape_are_refused_by_name_and_change_nothing()
    {
        using var saved = Drafts.Of(_model).Save(_hub.Path);
        using var wider = Drafts.Model(outputs: 1, seed: 9); // [1, F] would be broadcast silently by load_state_dict
        using var before = wider.state_dict()["features.conv0.weight"].clone();
        var error = Assert.Throws<MarrowException>(() => ModelWeights.LoadExactly(wider, saved.Weights));
        Assert.Matches(@"'classifier\.weight' is \[2, \d+\] instead of \[1, \d+\]", error.Message);
        Assert.Equal(before, wider.state_dict()["features.conv0.weight"]);
    }

    [Fact]
    public void The_evaluation_of_a_golden_sample_leaves_each_part_in_its_own_mode()
    {
        _model.train();
        var norm = _model.named_modules().First(m => m.name == "features.norm0").module;
        norm.eval();
        GoldenSample.Record(_model, [1, 1, 64, 64], 1);
        Assert.True(_model.training);
        Assert.False(norm.training);
        Assert.True(_model.named_modules().First(m => m.name == "features.norm5").module.training);
    }

    [Fact]
    public void The_cards_front_matter_is_YAML_with_the_keys_that_hubs_read()
    {
        using var saved = Drafts.Of(_model).Save(_hub.Path);
        var card = File.ReadAllText(Path.Combine(saved.Path, "README.md"));
        var parts = card.Split("---\n");
        var front = new DeserializerBuilder().Build().Deserialize<Dictionary<string, object>>(parts[1]);

        Assert.Equal("other", front["license"]);
        Assert.Equal("spineweb-research", front["license_name"]);
        Assert.Equal("https://example.org/licence", front["license_link"]);
        Assert.Equal("marrow", front["library_name"]);
        Assert.Equal("image-classification", front["pipeline_tag"]);
        Assert.Equal(["phantom: \"x\""], (IEnumerable<object>)front["datasets"]);
        Assert.Equal(["AUROC", "SMAPE"], (IEnumerable<object>)front["metrics"]);
        Assert.Equal(["densenet-mini.first"], (IEnumerable<object>)front["base_model"]);
        var index = (Dictionary<object, object>)((List<object>)front["model-index"])[0];
        Assert.Equal("densenet-mini.phantom", index["name"]);
        var result = (Dictionary<object, object>)((List<object>)index["results"])[0];
        Assert.Equal("0.875", ((Dictionary<object, object>)((List<object>)result["metrics"])[0])["value"]);

        Assert.Equal(
            ["Data and split", "Training", "Metrics", "Limits and intended use", "Licence and citation", "Lineage"],
            Regex.Matches(card, "(?m)^## (.*)$").Select(m => m.Groups[1].Value));
        Assert.Contains(
            "| AUROC | 0.875 | 0.8 to 0.9 | phantom | test | 24 | 2024-05-06 |",
            card,
            StringComparison.Ordinal);
        Assert.Contains("Effusion is present. **Untrained: masked.**", card, StringComparison.Ordinal);
        Assert.Contains("training took 1.5 h", card, StringComparison.Ordinal);
        Assert.Contains("Trained from scratch", card, StringComparison.Ordinal);
        Assert.Equal("Finds two findings: on phantoms | only.", ModelCardText.Summary(card));
        Assert.Equal("", ModelCardText.Summary("no card"));
    }

    [Fact]
    public void The_card_tells_the_terms_of_ancestors_further_back_and_of_several_licences()
    {
        var draft = Drafts.Of(_model);
        var inherited = new LicensedAncestor(LineageKind.Dataset, "chests", "f0", "CC-BY-NC-4.0");
        using var saved = (draft with
        {
            Parents = draft.Parents.With(inherited: [inherited]),
            Card = Drafts.Card("CC-BY-NC-4.0 AND LicenseRef-SpineWeb-research"),
        }).Save(_hub.Path);
        var card = File.ReadAllText(Path.Combine(saved.Path, "README.md"));
        Assert.Contains("- Further back: data set chests, licence CC-BY-NC-4.0, `f0`.", card, StringComparison.Ordinal);
        Assert.Contains(
            "license: other\nlicense_name: cc-by-nc-4.0-and-spineweb-research\n",
            card,
            StringComparison.Ordinal);
        AssertJson.Equal([inherited], saved.Parents.Inherited);
    }

    [Theory]
    [InlineData("densenet121.chexpert", true)]
    [InlineData("retinanet-densenet121.spine_web-16.v2", true)]
    [InlineData("densenet121", false)]
    [InlineData("../x.y", false)]
    [InlineData("a..b", false)]
    [InlineData(".a.b", false)]
    [InlineData("a.b ", false)]
    [InlineData("A.b", false)]
    [InlineData("a/b.c", false)]
    public void Names_are_folder_names_everywhere(string name, bool valid) =>
        Assert.Equal(valid, CheckpointName.IsValid(name));

    [Fact]
    public void Names_are_made_of_architecture_and_data() =>
        Assert.Equal("densenet121.spineweb--16-", CheckpointName.From("densenet121", "SpineWeb (16)") + "-");

    [Fact]
    public void An_impossible_config_is_refused_before_anything_is_written()
    {
        var draft = Drafts.Of(_model);
        var error = Assert.Throws<MarrowException>(() =>
            (draft with { Config = draft.Config with { Task = "clasify" } }).Save(_hub.Path));
        Assert.Contains(
            $"expected a task of {string.Join(", ", CheckpointTask.All)}, custom, found 'clasify'",
            error.Message,
            StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() =>
            (draft with { Config = draft.Config with { Input = draft.Config.Input with { Std = 0 } } }).Save(_hub.Path)
        );
        Assert.Throws<MarrowException>(() => (draft with { Name = "../escape.x" }).Save(_hub.Path));
        Assert.Empty(Directory.GetFileSystemEntries(_hub.Path));
    }

    [Fact]
    public void An_unwritable_hub_is_an_error_that_names_it()
    {
        File.WriteAllText(_hub["file"], "");
        var error = Assert.Throws<MarrowException>(() => Drafts.Of(_model).Save(_hub["file"]));
        Assert.Contains(_hub["file"], error.Message, StringComparison.Ordinal);
    }
}

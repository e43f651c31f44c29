using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Tests.Issues;

/// <summary>Weights in several files with an index, as Hugging Face's programs save large models.</summary>
public sealed class ShardedWeightsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private string Index => _folder["model.safetensors.index.json"];

    private ImportRequest Request => new() { Name = "again", HubFolder = _folder["hub"], Classes = ["a", "b"] };

    [Fact]
    public void An_index_or_its_folder_is_read_across_its_files_by_imports_and_warm_starts()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model();
        var state = Write(model);
        foreach (var path in (string[])[Index, _folder.Path])
        {
            using (var file = WeightFiles.Open(path))
            {
                Assert.Equal(state.Keys.Order(StringComparer.Ordinal), file.Entries.Select(e => e.Name));
                Assert.All(file.Entries, e => Assert.True(file.Read(e.Name).equal(state[e.Name]).all().item<bool>()));
                var target = zeros_like(state["classifier.weight"]);
                file.ReadInto("classifier.weight", target);
                Assert.True(target.equal(state["classifier.weight"]).all().item<bool>());
            }
            var (checkpoint, summary) = Importer.Run(path, Request);
            using (checkpoint)
                Assert.Equal(("densenet-mini", state.Count), (summary.Architecture, summary.Tensors));
            using var source = new LocalHub(_folder["none"]).Resolve(path);
            using var started = Drafts.Model(seed: 5);
            Assert.Equal(1, WarmStart.Apply(started, "densenet-mini", WeightSource.Of(source)).BackboneCoverage);
        }
    }

    [Fact]
    public void Its_digest_is_that_of_the_index_and_its_files_one_after_the_other()
    {
        using var model = Drafts.Model();
        Write(model);
        string[] files = [Index, _folder["a.safetensors"], _folder["b.safetensors"]];
        byte[] all = [.. files.SelectMany(File.ReadAllBytes)];
        using var file = WeightFiles.Open(Index);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(all)), file.Sha256());
        Assert.Equal(all.Length, file.Length);
    }

    [Fact]
    public void Files_of_PyTorch_may_be_shards_too()
    {
        File.WriteAllBytes(_folder["1.bin"], new NestedFile().Counting("a", 0, 2, 2).Bytes());
        File.WriteAllBytes(_folder["2.bin"], new NestedFile().Counting("b", 5, 2, 2).Bytes());
        WriteIndex(new() { ["a"] = "1.bin", ["b"] = "2.bin" }, "pytorch_model.bin.index.json");
        using var file = WeightFiles.Open(_folder.Path);
        using var b = file.Read("b");
        Assert.Equal([5f, 6f, 7f, 8f], b.data<float>());
    }

    [Fact]
    public void Terms_stay_with_the_weights_of_an_export_that_an_index_names()
    {
        using var scope = NewDisposeScope();
        using var first = ExportSamples.Classifier(_folder["own"]);
        Exporter.Run(first, new() { Format = ExportFormat.Safetensors, Path = _folder["a.safetensors"] });
        var names = first.Weights.Entries.Select(e => e.Name).ToList();
        WriteIndex(names.ToDictionary(name => name, _ => "a.safetensors"));
        var whole = new ImportRequest { Name = "whole", HubFolder = _folder["hub"] };
        var (again, summary) = Importer.Run(Index, whole);
        using (again)
            AssertRoundTrip.Of(first, again, summary);
        Assert.Contains(
            first.License,
            Assert.Throws<MarrowException>(() => Importer.Import(
                Index, new() { Name = "mit", HubFolder = _folder["hub"], License = "MIT" })).Message,
            StringComparison.Ordinal);

        // Part of it beside other weights: a map imports both, and the terms are kept.
        using var file = Safetensors.Open(_folder["a.safetensors"]);
        var parts = file.Entries.ToLookup(e => ShardOf(e.Name), e => KeyValuePair.Create(
            e.Name, ShardOf(e.Name) == "a.safetensors" ? file.Read(e.Name) : zeros_like(file.Read(e.Name))));
        Safetensors.Write(_folder["b.safetensors"], [.. parts["b.safetensors"]]);
        Safetensors.Write(_folder["c.safetensors"], [.. parts["a.safetensors"]], file.Metadata);
        var map = names.ToDictionary(
            name => name, name => ShardOf(name) == "a.safetensors" ? "c.safetensors" : "b.safetensors");
        WriteIndex(map);
        var (mixed, _) = Importer.Run(Index, Request);
        using (mixed)
        {
            Assert.Equal(first.License, mixed.License);
            Assert.Contains(mixed.Parents.Ancestors(), a => a.Digest == first.Digest);
        }

        // Parts of two checkpoints.
        Safetensors.Write(
            _folder["b.safetensors"],
            [.. parts["b.safetensors"]],
            new Dictionary<string, string>(file.Metadata) { ["license"] = "MIT" }
        );
        Refused(Index, "files that were exported from one checkpoint");
    }

    [Fact]
    public void What_else_its_files_hold_is_said_and_further_weights_can_be_asked_for()
    {
        File.WriteAllBytes(_folder["1.bin"], Nested("a", 0).Bytes());
        File.WriteAllBytes(_folder["2.bin"], Nested("b", 5).Bytes());
        WriteIndex(new() { ["a"] = "1.bin", ["b"] = "2.bin" }, "pytorch_model.bin.index.json");
        using (var file = WeightFiles.Open(_folder.Path))
        {
            Assert.Equal("model", file.Place);
            Assert.Equal(["epoch", "ema"], file.Others);
            Assert.Equal(["ema"], file.OtherParts);
        }
        using var ema = WeightFiles.Open(_folder.Path, "ema");
        using var b = ema.Read("b");
        Assert.Equal(105f, b[0, 0].item<float>());

        static NestedFile Nested(string key, int first) => new NestedFile().Number("epoch", 1)
            .Open("model").Counting(key, first, 2, 2).Close()
            .Open("ema").Counting(key, 100 + first, 2, 2).Close();
    }

    public static TheoryData<string, string> Lies => new()
    {
        { "../other.safetensors", "names of files in its own folder, found '../other.safetensors'" },
        { "/etc/passwd", "names of files in its own folder" },
        { "folder/a.safetensors", "names of files in its own folder" },
        { "..\\a.safetensors", "names of files in its own folder" },
        { "C:a.safetensors", "names of files in its own folder" },
        { "..", "names of files in its own folder" },
        { "", "names of files in its own folder" },
        { "c.safetensors", "'c.safetensors' not there" },
    };

    [Theory, MemberData(nameof(Lies))]
    public void An_index_that_leaves_its_folder_or_names_what_is_not_there_is_refused(string shard, string says)
    {
        using var model = Drafts.Model();
        var state = Write(model);
        WriteIndex(state.Keys.ToDictionary(k => k, k => k == "classifier.bias" ? shard : ShardOf(k)));
        Refused(Index, says);
    }

    [Fact]
    public void Index_and_files_must_name_the_same_tensors()
    {
        using var model = Drafts.Model();
        var state = Write(model);
        var map = state.Keys.ToDictionary(k => k, ShardOf);
        WriteIndex(new(map) { ["extra.weight"] = "a.safetensors" });
        Refused(Index, "'extra.weight (in a.safetensors)' not there");
        WriteIndex(new(map) { ["classifier.bias"] = "b.safetensors" });
        Refused(Index, "'classifier.bias (in b.safetensors)' not there");
        map.Remove("classifier.bias");
        WriteIndex(map);
        Refused(Index, "'classifier.bias (in a.safetensors)' beside those that it lists");
    }

    [Theory]
    [InlineData("""{"weight_map": {}}""", "tensors in its 'weight_map', found none")]
    [InlineData("""{"weight_map": {"a": 1}}""", "the name of a file for 'a'")]
    [InlineData("""{"weight_map": {"a": "x", "a": "y"}}""", "'a' once more")]
    [InlineData("""{"weight_map": []}""", "one 'weight_map' of names of tensors and files")]
    [InlineData("""{"weight_map": {"a": "x"}, "weight_map": {"b": "y"}}""", "one 'weight_map'")]
    [InlineData("""{"weight_map": {"a": "x\u0000y"}}""", "names of files in its own folder")]
    [InlineData("""{"metadata": {}}""", "tensors under 'weight_map', found none. The index is damaged")]
    [InlineData("""{"weight_map": {"a": "x"}""", "an index in JSON, found text that is none, or that ends early")]
    [InlineData("""{"weight_map": {"a": "x"}, 1""", "an index in JSON, found text that is none")]
    [InlineData("""{"weight_map": {"a": "\ud800"}}""", "an index in JSON, found text that is none")]
    [InlineData("""{"error": "Repository not found"}""", "JSON text that tells of an error (Repository not found)")]
    [InlineData("<html></html>", "a page of HTML")]
    public void An_index_that_is_none_is_named(string json, string says)
    {
        File.WriteAllText(Index, json);
        Refused(Index, says);
        File.WriteAllText(Index, json, System.Text.Encoding.UTF8); // with its mark
        Refused(Index, says);
    }

    [Fact]
    public void An_index_of_a_size_that_none_has_is_named()
    {
        File.WriteAllText(Index, "{\"weight_map\": {");
        using (var stream = new FileStream(Index, FileMode.Open))
            stream.SetLength((64 << 20) + 1);
        Refused(Index, "an index of at most 67108864 bytes, found 67108865");
    }

    [Fact]
    public void JSON_that_is_not_called_an_index_is_no_damaged_one()
    {
        File.WriteAllText(_folder["config.json"], """{"architectures": ["ResNet"]}""");
        Refused(_folder["config.json"], "JSON text, such as a configuration");
    }

    [Fact]
    public void A_file_of_an_index_is_checked_as_if_it_were_alone_and_is_no_index_itself()
    {
        using var model = Drafts.Model();
        Write(model);
        var whole = File.ReadAllBytes(_folder["b.safetensors"]);
        File.WriteAllBytes(_folder["b.safetensors"], whole[..^7]);
        Refused(Index, _folder["b.safetensors"]);
        File.Copy(Index, _folder["b.safetensors"], overwrite: true);
        Refused(Index, "b.safetensors: expected weights of PyTorch, safetensors or ONNX, found JSON text");
        File.WriteAllText(_folder["b.safetensors"], "<html><title>Sign in</title></html>");
        Refused(Index, "a page of HTML or XML (Sign in)");
    }

    [Theory]
    [InlineData("model.safetensors")]
    [InlineData("models/model.pt")]
    [InlineData("pytorch_model.bin")]
    public void A_folder_is_read_by_the_same_rule_wherever_it_is_named(string name)
    {
        using var model = Drafts.Model();
        Directory.CreateDirectory(Path.GetDirectoryName(_folder[name])!);
        Safetensors.Write(_folder[name], ModelWeights.Of(model));
        WriteIndex(new() { ["a"] = "none.bin" }); // a file comes before an index
        using (var file = WeightFiles.Open(_folder.Path))
            Assert.Equal(_folder[name], file.Path);
        using (var source = new LocalHub(_folder["none"]).Resolve(_folder.Path))
            Assert.Equal(_folder[name], source.Weights.Path);
        var (checkpoint, summary) = Importer.Run(_folder.Path, Request);
        using (checkpoint)
            Assert.Equal(Path.GetFileName(name), summary.File.Name);
    }

    [Fact]
    public void A_mark_of_parts_in_the_name_of_a_file_is_part_of_the_name()
    {
        File.WriteAllBytes(_folder["net#2.pth"], new NestedFile().Open("model").Counting("a", 0, 2, 2).Close()
            .Open("ema").Counting("a", 5, 2, 2).Close().Bytes());
        var hub = new LocalHub(_folder["none"]);
        foreach (var (reference, first) in ((string, float)[])[("net#2.pth", 0), ("net#2.pth#ema", 5)])
        {
            Assert.True(WeightFiles.HasEnding(reference));
            using var source = hub.Resolve(_folder[reference]);
            using var a = source.Weights.Read("a");
            Assert.Equal(first, a[0, 0].item<float>());
        }
    }

    [Fact]
    public void Of_two_indexes_in_a_folder_one_has_to_be_named()
    {
        foreach (var name in (string[])["x.index.json", "y.index.json"])
            WriteIndex(new() { ["a"] = "1.bin" }, name);
        Refused(_folder.Path, "x.index.json and y.index.json");
    }

    /// <summary>The state dict in two files with an index, and the tensors that were written.</summary>
    private Dictionary<string, Tensor> Write(nn.Module model)
    {
        var state = model.state_dict().ToDictionary(s => s.Key, s => s.Value, StringComparer.Ordinal);
        foreach (var shard in state.GroupBy(s => ShardOf(s.Key)))
            Safetensors.Write(_folder[shard.Key], [.. shard]);
        WriteIndex(state.Keys.Order(StringComparer.Ordinal).ToDictionary(k => k, ShardOf));
        return state;
    }

    private static string ShardOf(string key) =>
        key.StartsWith("classifier.", StringComparison.Ordinal) || key.Contains("block1", StringComparison.Ordinal)
            ? "a.safetensors"
            : "b.safetensors";

    private void WriteIndex(Dictionary<string, string> map, string name = "model.safetensors.index.json") =>
        File.WriteAllText(
            _folder[name],
            JsonSerializer.Serialize(new { metadata = new { total_size = 1 }, weight_map = map })
        );

    private void Refused(string path, string says)
    {
        var error = Assert.Throws<MarrowException>(() => WeightFiles.Open(path));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(error.Message, char.IsControl);
    }
}

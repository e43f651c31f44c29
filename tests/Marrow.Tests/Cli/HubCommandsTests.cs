using System.Text.Json;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Cli;
using Marrow.Hub;
using Marrow.Tasks;

namespace Marrow.Tests.Cli;

public sealed class HubCommandsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _hub;
    private readonly string _parent;
    private readonly string _child;

    public HubCommandsTests()
    {
        _hub = _folder["hub"];
        using var model = Drafts.Model();
        using var parent = (Drafts.Of(model) with { Name = "densenet-mini.parent" }).Save(_hub);
        var receipt = WarmStart.Apply(model, "densenet-mini", WeightSource.Of(parent));
        using var child = (
            Drafts.Of(model) with
            {
                Name = "densenet-mini.child",
                Receipt = receipt,
                Parents = new()
                {
                    Checkpoints = [new(parent.Name, parent.Digest, "init", parent.License)],
                    Inherited = parent.Parents.Ancestors(),
                },
                Card = Drafts.Card("CC-BY-NC-4.0"),
            }
        ).Save(_hub);
        (_parent, _child) = (parent.Digest, child.Digest);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_imported_checkpoint_says_what_it_came_from_and_a_hub_is_made_for_it()
    {
        using var model = Drafts.Model();
        using var saved = (Drafts.Of(model) with { MatricesAs = TorchSharp.torch.ScalarType.Float32 }).Save(
            _folder["elsewhere"]);
        var file = _folder["radiographs.safetensors"];
        File.Copy(saved.Weights.Path, file);
        var hub = _folder["new"];
        string Done(params string[] args)
        {
            var (output, error) = (new StringWriter(), new StringWriter());
            Assert.True(
                CommandLine.Run(["hub", .. args, "--hub", hub], output, error, CancellationToken.None) == ExitCode.Done,
                error.ToString());
            return output.ToString();
        }
        Done(
            "import",
            file,
            "--name",
            "test",
            "--classes",
            "Effusion,Cardiomegaly",
            "--license",
            "LicenseRef-ImageNet-research");

        var shown = Done("show", "densenet-mini.test");
        Assert.Contains("imported from   radiographs.safetensors, ", shown, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^ *file +radiographs\.safetensors ", shown); // its row of the table of ancestors
        Assert.Contains(
            "imported from: file radiographs.safetensors",
            Done("lineage", "densenet-mini.test"),
            StringComparison.Ordinal);
        Assert.Contains("LicenseRef-ImageNet-research", Done("list"), StringComparison.Ordinal);
        var entry = Assert.Single(new Marrow.Hub.LocalHub(hub).List());
        var card = File.ReadAllText(Path.Combine(entry.Folder, "README.md"));
        Assert.DoesNotContain("from scratch", card, StringComparison.Ordinal);
        Assert.DoesNotContain("None recorded", card, StringComparison.Ordinal);
        Assert.Contains("Imported from the file `radiographs.safetensors`", card, StringComparison.Ordinal);

        // Its terms go on to what is made from it.
        using var parent = Checkpoint.Load(entry.Folder);
        using var child = (
            Drafts.Of(model) with
            {
                Name = "densenet-mini.child",
                Parents = CheckpointParents.WarmStartedFrom(parent),
            }
        ).Save(_hub);
        var error = Assert.Throws<MarrowException>(() =>
            Marrow.Hub.LicenseClosure.Require(new(_hub), CheckpointManifest.Read(child.Path), "MIT"));
        Assert.Contains(
            "file radiographs.safetensors is under LicenseRef-ImageNet-research",
            error.Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "further back: file radiographs.safetensors",
            Call("lineage", $"{child.Name}@{child.Digest}").Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_long_list_is_one_line_a_checkpoint()
    {
        var hub = _folder["long"];
        for (var i = 0; i < 600; i++)
            FakeHub.Add(hub, $"densenet-mini.number-{i:000}");
        var output = new StringWriter();
        Assert.Equal(
            ExitCode.Done,
            CommandLine.Run(["hub", "list", "--hub", hub], output, new StringWriter(), CancellationToken.None));
        var lines = output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal((hub, 602), (lines[0], lines.Length));
        Assert.All(lines[1..], line =>
            Assert.Equal(
                lines[1].IndexOf("licence", StringComparison.Ordinal),
                Math.Max(
                    line.IndexOf("licence", StringComparison.Ordinal),
                    line.IndexOf("CC0-1.0", StringComparison.Ordinal))));
        Assert.All(lines[2..], (line, i) => Assert.StartsWith($"  densenet-mini.number-{i:000}  ", line));
    }

    /// <summary>The hub of the filters: chests under CC-BY-4.0, and spines of SpineWeb made from them.</summary>
    private string ChestsAndSpines()
    {
        var hub = _folder["filters"];
        var chests = Add("densenet121.chests", "classify", "chests", "chest", "CC-BY-4.0", "auroc", 0.9123, []);
        Add(
            "retinanet-densenet121.spines", "detect-vertebrae", "spines", "spine", "LicenseRef-SpineWeb-research",
            "smape", 8.5, [FakeHub.AsParent(chests)]);
        return hub;

        CheckpointManifest Add(
            string name, string task, string data, string part, string license, string metric, double value,
            IReadOnlyList<ParentCheckpoint> parents)
        {
            var measured = new MeasuredValue(metric, value, data, "test", new(2024, 1, 1), "", value - 1, value + 1);
            (string, string)[] files =
            [
                ("config.json", $$"""{"task": "{{task}}", "more": [1]}"""),
                ("metrics.json", JsonSerializer.Serialize(new[] { measured }, MarrowJson.Line)),
            ];
            return FakeHub.Add(
                hub,
                FakeHub.Manifest(
                    name, 0,
                    new() { Datasets = [new(data, "", license, "") { BodyPart = part }], Checkpoints = parents },
                    license, files),
                files);
        }
    }

    [Theory]
    [InlineData("densenet121.chests retinanet-densenet121.spines")]
    [InlineData("densenet121.chests", "--task", "classify")]
    [InlineData("retinanet-densenet121.spines", "--body-part", "Spine")]
    [InlineData("densenet121.chests", "--license", "cc-by-4.0")]
    [InlineData("densenet121.chests", "--commercial")]
    [InlineData("densenet121.chests retinanet-densenet121.spines", "--max-mib", "1")]
    [InlineData("", "--max-mib", "0.00001")]
    [InlineData("", "--task", "classify", "--body-part", "spine")]
    public void List_shows_what_is_asked_for(string names, params string[] filters)
    {
        var hub = ChestsAndSpines();
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(
            ExitCode.Done,
            CommandLine.Run(
                ["hub", "list", "--hub", hub, "--json", .. filters], output, error, CancellationToken.None));
        Assert.Equal(
            names,
            string.Join(
                ' ',
                JsonDocument.Parse(output.ToString()).RootElement.GetProperty("checkpoints").EnumerateArray()
                    .Select(entry => entry.GetProperty("name").GetString())));
        Assert.Equal("", error.ToString());
    }

    [Fact]
    public void List_tells_task_data_result_and_parents()
    {
        var hub = ChestsAndSpines();
        var (output, error) = (new StringWriter(), new StringWriter());
        CommandLine.Run(
            ["hub", "list", "--hub", hub, "--task", "detect-vertebrae"], output, error, CancellationToken.None);
        var text = output.ToString();
        Assert.Contains("  detect-vertebrae of spine ", text, StringComparison.Ordinal);
        Assert.Contains("  on spines ", text, StringComparison.Ordinal);
        Assert.Contains("  from densenet121.chests ", text, StringComparison.Ordinal);
        Assert.Contains(" smape 8.5 ", text, StringComparison.Ordinal);
        Assert.Contains(" [7.5, 9.5] ", text, StringComparison.Ordinal);
        Assert.Contains($"1 checkpoint of 2 in {hub}", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_word_that_no_checkpoint_has_is_told_with_those_there_are()
    {
        var hub = ChestsAndSpines();
        var (output, error) = (new StringWriter(), new StringWriter());
        Assert.Equal(
            ExitCode.Done,
            CommandLine.Run(
                ["hub", "list", "--hub", hub, "--body-part", "chst"], output, error, CancellationToken.None));
        Assert.Contains(
            $"--body-part chst: no checkpoint of {hub} has that. There are: chest, spine", error.ToString(),
            StringComparison.Ordinal);
    }

    private (int Code, string Output, string Error) Call(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        return (
            CommandLine.Run(["hub", .. args, "--hub", _hub], output, error, CancellationToken.None),
            output.ToString(),
            error.ToString());
    }

    private JsonElement Json(params string[] args)
    {
        var (code, output, error) = Call([.. args, "--json"]);
        Assert.True(code == ExitCode.Done, error);
        return JsonDocument.Parse(output).RootElement;
    }

    [Fact]
    public void List_shows_licences_and_those_of_the_ancestors()
    {
        var output = Call("list").Output;
        Assert.Contains("CC-BY-NC-4.0", output);
        Assert.Contains("Apache-2.0", output);
        var child = Json("list").GetProperty("checkpoints")[0];
        Assert.Equal("CC-BY-NC-4.0", child.GetProperty("license").GetString());
        Assert.Equal(
            ["LicenseRef-SpineWeb-research", "Apache-2.0", "LicenseRef-unknown"],
            child.GetProperty("ancestorLicenses").EnumerateArray().Select(l => l.GetString()));
        Assert.Equal(
            Directory.GetFiles(child.GetProperty("folder").GetString()!).Sum(f => new FileInfo(f).Length),
            child.GetProperty("bytes").GetInt64());
    }

    [Fact]
    public void Show_tells_summary_terms_in_words_and_origin()
    {
        var output = string.Join(
            ' ',
            Call("show", "densenet-mini.child").Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("summary Finds two findings: on phantoms | only.", output);
        Assert.Contains(
            "licence CC-BY-NC-4.0 (Creative Commons Attribution NonCommercial 4.0): no commercial use",
            output);
        Assert.Contains("made by marrow run recipes/spine.yaml --data cxr=..., stage features, seed 3", output);
        Assert.Contains($"code Marrow {CheckpointConfig.CodeVersion}", output);
        Assert.Contains("data set phantom: \"x\" bbbbbbbbbbbb Apache-2.0", output);
        Assert.Contains("warm start from densenet-mini.parent", output);

        var document = Json("show", "densenet-mini.child");
        Assert.Equal("Finds two findings: on phantoms | only.", document.GetProperty("summary").GetString());
        Assert.Equal(3, document.GetProperty("ancestors").GetArrayLength()); // The parent, its data and its own parent.
        Assert.Equal(3UL, document.GetProperty("origin").GetProperty("training").GetProperty("seed").GetUInt64());
        Assert.Equal(96, document.GetProperty("config").GetProperty("input").GetProperty("height").GetInt32());
    }

    [Fact]
    public void Lineage_is_a_tree_a_document_and_a_page()
    {
        var page = _folder["lineage.html"];
        var (code, output, error) = Call("lineage", "densenet-mini.child", "--html", page);
        Assert.True(code == ExitCode.Done, error);
        Assert.Contains($"init, backbone 100 %: densenet-mini.parent {_parent[7..19]}", output);
        Assert.Contains("densenet-mini.first aaaaaaaaaaaa LicenseRef-unknown not in this hub", output);
        Assert.Contains("auroc", output, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("densenet-mini.parent", File.ReadAllText(page));

        var document = Json("lineage", "densenet-mini.parent", "--descendants");
        Assert.Contains(document.GetProperty("links").EnumerateArray(), l =>
            l.GetProperty("child").GetString() == _child && l.GetProperty("parent").GetString() == _parent);
        Assert.Contains("was made into", Call("lineage", "densenet-mini.parent", "--descendants").Output);
    }

    [Fact]
    public void Verify_ends_with_1_and_names_each_damaged_file()
    {
        Assert.Equal(ExitCode.Done, Call("verify").Code);
        Assert.True(Json("verify", "densenet-mini.child").GetProperty("isWhole").GetBoolean());
        var folder = Path.Combine(_hub, "densenet-mini.child", _child[7..]);
        File.AppendAllText(Path.Combine(folder, "README.md"), " ");
        File.Delete(Path.Combine(folder, "metrics.json"));

        var (code, output, _) = Call("verify");
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains(Path.Combine(folder, "README.md"), output);
        Assert.Contains(Path.Combine(folder, "metrics.json"), output);
        Assert.Contains("1 whole, 1 damaged, 2 faults", output);
        var json = JsonDocument.Parse(Call("verify", "--json").Output).RootElement;
        Assert.Equal((1, false), (json.GetProperty("damaged").GetInt32(), json.GetProperty("isWhole").GetBoolean()));
        Assert.Equal(ExitCode.Done, Call("verify", "densenet-mini.parent").Code);
        Assert.Equal(ExitCode.Failed, Call("verify", "densenet-mini.absent").Code);
    }

    [Fact]
    public void Remove_refuses_what_others_came_from_unless_forced()
    {
        var (code, output, error) = Call("remove", "densenet-mini.parent");
        Assert.Equal((ExitCode.Failed, ""), (code, output));
        Assert.Contains($"densenet-mini.child@{_child}", error);
        Assert.Equal(
            _parent,
            Json("remove", "densenet-mini.parent", "--force").GetProperty("removed").GetProperty("digest").GetString());
        Assert.Contains("removed densenet-mini.child@", Call("remove", $"densenet-mini.child@{_child[..20]}").Output);
        Assert.Contains("no checkpoint", Call("list").Output);
    }
}

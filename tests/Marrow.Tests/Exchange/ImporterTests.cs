using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Tasks;
using Marrow.Training.Recipes;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Tests.Exchange;

/// <summary>State dicts made by Debian's PyTorch in the styles of each source give the same logits here.</summary>
public sealed class ImporterTests(SourceModels models) : IClassFixture<SourceModels>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ImportRequest Request(
        string? map = null, IReadOnlyList<string>? classes = null, bool? exclusiveClasses = null,
        string? architecture = null, string license = Licenses.Unknown, int? width = null, int? height = null) =>
        new()
        {
            Name = "test",
            HubFolder = _folder["hub"],
            Map = map,
            Classes = classes,
            ExclusiveClasses = exclusiveClasses,
            Architecture = architecture,
            License = license,
            Width = width,
            Height = height,
        };

    public static TheoryData<string> Styles => [.. SourceModels.Styles.Keys];

    [Theory, MemberData(nameof(Styles))]
    public void Each_style_gives_the_sources_logits(string style)
    {
        var (map, architecture, classes) = SourceModels.Styles[style];
        var (path, image, logits) = models.Make(style);
        var (checkpoint, summary) = Importer.Run(
            path,
            Request(classes: classes.Length > 0 ? classes.Split(',') : null)
        );
        using (checkpoint)
        {
            Assert.Equal((map, architecture), (summary.File.Map, summary.Architecture));
            Assert.Equal($"{architecture}.test", checkpoint.Name);
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            using var model = (nn.Module<Tensor, Tensor>)checkpoint.BuildModel();
            var difference =
                (logits - model.forward(image)).abs().max().item<float>() / logits.abs().max().item<float>();
            Assert.True(difference < 1e-4, $"{difference}");
        }
    }

    [Theory, MemberData(nameof(Styles))]
    public void A_warm_start_takes_every_file_that_is_imported_and_gives_the_same_logits(string style)
    {
        var (_, architecture, _) = SourceModels.Styles[style];
        var (path, image, logits) = models.Make(style);
        using var scope = NewDisposeScope();
        using var quiet = no_grad();
        using var file = WeightFiles.Open(path);
        var spec = new ModelSpec
        {
            Architecture = architecture,
            Channels = (int)image.shape[1],
            Outputs = (int)logits.shape[1],
        };
        using var model = (nn.Module<Tensor, Tensor>)ModelCatalogue.Create(spec);
        var receipt = WarmStart.Apply(model, spec, WeightSource.Of(file), new() { Scope = TransferScope.All });
        Assert.All(receipt.Tensors.Where(t => t.IsParameter), t => Assert.NotEqual(TransferStatus.Random, t.Status));
        model.eval();
        var difference = (logits - model.forward(image)).abs().max().item<float>() / logits.abs().max().item<float>();
        Assert.True(difference < 1e-4, $"{difference}");
    }

    [Fact]
    public void A_ResNet_with_a_head_of_its_own_is_imported_by_the_map_that_is_named()
    {
        var (path, image, logits) = models.Make("resnet18-5");
        var request = Request(map: "torchvision-resnet", classes: ["a", "b", "c", "d", "e"], exclusiveClasses: false);
        var (checkpoint, _) = Importer.Import(path, request);
        using (checkpoint)
        {
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            using var model = (nn.Module<Tensor, Tensor>)checkpoint.BuildModel();
            Assert.True(
                (logits - model.forward(image)).abs().max().item<float>() < 1e-4 * logits.abs().max().item<float>());
        }
    }

    [Theory]
    [InlineData(
        "wide-resnet",
        "torchvision-resnet",
        "layers of 3, 4, 6, 3 blocks of 3 convolutions, 128 channels in the first"
    )]
    [InlineData("resnet18-5", "monai-densenet", "a DenseNet, which the map monai-densenet is for, found a ResNet")]
    public void Another_kind_of_backbone_or_other_widths_are_said(string style, string map, string says)
    {
        var (path, _, logits) = models.Make(style);
        var request = Request(map: map, classes: [.. Enumerable.Range(0, (int)logits.shape[1]).Select(i => $"{i}")]);
        Assert.Contains(
            says,
            Assert.Throws<MarrowException>(() => Importer.Import(path, request)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Old_spellings_are_understood_in_a_safetensors_file_by_imports_and_warm_starts_alike()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(architecture: "densenet-mini");
        var path = _folder["old.safetensors"];
        Safetensors.Write(
            path,
            [
                .. model
                    .state_dict()
                    .Select(s =>
                        KeyValuePair.Create(
                            "module."
                                + s.Key.Replace(".norm1.", ".norm.1.", StringComparison.Ordinal)
                                    .Replace(".conv2.", ".conv.2.", StringComparison.Ordinal),
                            s.Value)),
            ]);
        var (checkpoint, _) = Importer.Import(path, Request(map: "marrow", classes: ["a", "b"]));
        using (checkpoint)
            Assert.Equal("densenet-mini", checkpoint.Config.Model.Architecture);
        using var file = WeightFiles.Open(path);
        using var target = Drafts.Model(seed: 5, architecture: "densenet-mini");
        Assert.Equal(1, WarmStart.Apply(target, "densenet-mini", WeightSource.Of(file)).BackboneCoverage);
    }

    [Fact]
    public void The_checkpoint_keeps_the_stored_precision_and_says_where_it_came_from()
    {
        var (path, _, _) = models.Make("torchxrayvision-half");
        var (imported, summary) = Importer.Run(path, Request(license: "Apache-2.0"));
        imported.Dispose();
        using var checkpoint = new LocalHub(_folder["hub"]).Resolve("densenet121.test");
        Assert.Equal(
            ScalarType.Float16,
            checkpoint.Weights.Entries.Single(e => e.Name == "features.conv0.weight").Type);
        Assert.Equal(
            ScalarType.Float16,
            checkpoint.Weights.Entries.Single(e => e.Name == "features.norm0.running_var").Type);
        var file = checkpoint.Parents.Imported!;
        Assert.Equal(
            ("torchxrayvision-half.pth", new FileInfo(path).Length, "torchxrayvision-densenet", "Apache-2.0"),
            (file.Name, file.Bytes, file.Map, file.License));
        Assert.Equal(
            Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))),
            file.Sha256);
        Assert.Equal("Apache-2.0", checkpoint.License);
        Assert.Contains(
            file.Sha256,
            File.ReadAllText(Path.Combine(checkpoint.Path, "README.md")),
            StringComparison.Ordinal);
        Assert.Contains(
            "`torchxrayvision-densenet`",
            File.ReadAllText(Path.Combine(checkpoint.Path, "README.md")),
            StringComparison.Ordinal);
        Assert.Equal("op_threshs", Assert.Single(summary.Dropped).Key);
        Assert.Equal(
            ("state_dict", "epoch", 728, 727, 0),
            (summary.Place, Assert.Single(summary.Others), summary.Tensors, summary.Mapped, summary.Filled));
        // An output without an operating point was never trained.
        Assert.Equal(17, checkpoint.Config.Outputs.Count(o => o.Trained));
        Assert.False(checkpoint.Config.Outputs.Single(o => o.Name == "Enlarged Cardiomediastinum").Trained);
        Assert.Contains("0.25", checkpoint.Config.Outputs[0].Meaning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_safetensors_file_of_marrow_comes_back_as_it_was()
    {
        using var model = Drafts.Model(architecture: "densenet-mini");
        using var saved = (Drafts.Of(model) with { MatricesAs = ScalarType.Float32 }).Save(_folder["first"]);
        var (checkpoint, summary) = Importer.Run(
            saved.Weights.Path,
            Request(classes: ["Effusion", "Cardiomegaly"], width: 64, height: 96)
        );
        using (checkpoint)
        {
            Assert.Equal(("marrow", "densenet-mini"), (summary.File.Map, summary.Architecture));
            Assert.Equal((64, 96), (checkpoint.Config.Input.Width, checkpoint.Config.Input.Height));
            using var scope = NewDisposeScope();
            foreach (var entry in saved.Weights.Entries)
                Assert.True(
                    saved.Weights.Read(entry.Name).equal(checkpoint.Weights.Read(entry.Name)).all().item<bool>(),
                    entry.Name);
        }
    }

    [Fact]
    public void A_stage_goes_on_from_an_imported_checkpoint_and_names_it()
    {
        using var model = Drafts.Model(architecture: "densenet-mini");
        using var saved = Drafts.Of(model).Save(_folder["first"]);
        var (checkpoint, _) = Importer.Import(
            saved.Weights.Path,
            Request(classes: ["a", "b"], license: "CC-BY-NC-4.0")
        );
        using (checkpoint)
        {
            var ancestor = Assert.Single(checkpoint.Parents.Ancestors());
            Assert.Equal(
                (LineageKind.ImportedFile, "model.safetensors", "CC-BY-NC-4.0"),
                (ancestor.Kind, ancestor.Name, ancestor.License));
            using var target = Drafts.Model(seed: 5, architecture: "densenet-mini");
            Assert.Equal(1, WarmStart.Apply(target, "densenet-mini", WeightSource.Of(checkpoint)).BackboneCoverage);
        }
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "a key too many", "'decoder.weight' has no place" },
        { "a key missing", "'features.norm5.weight' is missing" },
        { "another shape", "'features.norm5.weight' is [3] instead of" },
        { "the same key twice", "'features.norm5.weight' and 'module.features.norm5.weight'" },
        { "not finite", "finite numbers in 'features.norm5.weight'" },
        { "whole numbers", "'features.norm5.weight' of a type that the model can take" },
        { "no such blocks", "dense blocks of 2, 4, 6, 5 layers" },
        { "too few classes", "a name for each of its 2 outputs" },
        { "unknown map", "Unknown map 'keras'. Known: marrow, monai-densenet" },
        { "unknown architecture", "Unknown architecture 'vgg16'" },
    };

    [Theory, MemberData(nameof(Faults))]
    public void What_does_not_fit_is_named_and_nothing_is_written(string fault, string says)
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(architecture: "densenet-mini");
        var state = model.state_dict().ToDictionary(s => s.Key, s => s.Value);
        var norm = state["features.norm5.weight"];
        var request = fault switch
        {
            "too few classes" => Request("marrow", ["a"]),
            "unknown map" => Request("keras", ["a", "b"]),
            "unknown architecture" => Request("marrow", ["a", "b"], architecture: "vgg16"),
            _ => Request("marrow", ["a", "b"]),
        };
        switch (fault)
        {
            case "a key too many": state["decoder.weight"] = ones(2); break;
            case "a key missing": state.Remove("features.norm5.weight"); break;
            case "another shape": state["features.norm5.weight"] = ones(3); break;
            case "the same key twice": state["module.features.norm5.weight"] = ones(3); break;
            case "not finite": state["features.norm5.weight"] = full_like(norm, float.NaN); break;
            case "whole numbers": state["features.norm5.weight"] = norm.to(ScalarType.Int64); break;
            case "no such blocks": state["features.denseblock4.denselayer5.norm1.weight"] = ones(3); break;
        }
        var path = _folder["source.safetensors"];
        Safetensors.Write(path, [.. state]);
        Assert.Contains(
            says,
            Assert.Throws<MarrowException>(() => Importer.Import(path, request)).Message,
            StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["hub"]));
    }

    [Theory]
    [InlineData("weights/xrv.pth")]
    [InlineData("last.ckpt#ema")]
    [InlineData("matched:last.ckpt#state_dict.teacher")]
    [InlineData("model.safetensors.index.json")]
    [InlineData("net#2.pth")]
    [InlineData("net#2.pth#ema")]
    [InlineData("run#3/last.ckpt#ema")]
    public void A_recipe_may_start_from_a_file_or_a_part_of_it(string init) =>
        Assert.Equal(init, RecipeReader.Parse($$"""
            name: r
            stages:
              - name: s
                task: classify
                model: densenet121
                init: {{init}}
                data: {format: chexpert}
            """, "r.yaml", []).Stages[0].Init);
}

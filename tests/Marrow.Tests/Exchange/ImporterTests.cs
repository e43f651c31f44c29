using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Tests.Checkpoints;
using Marrow.Tests.Models;
using Marrow.Training;
using static TorchSharp.torch;

namespace Marrow.Tests.Exchange;

/// <summary>State dicts made by Debian's PyTorch in the styles of each source give the same logits here.</summary>
public sealed class ImporterTests : IDisposable
{
    /// <summary>Models with running statistics as trained ones have, and the styles in which their weights are met.</summary>
    private const string Models = """
        import re, collections
        def trained(model):
            with torch.no_grad():
                for name, b in model.named_buffers():
                    if name.endswith('running_mean'): b.normal_(0, 0.1)
                    elif name.endswith('running_var'): b.uniform_(0.5, 2)
                for p in model.parameters():
                    if p.dim() == 1: p.add_(torch.randn_like(p) * 0.1)
            return model.eval()
        def grey(model):
            model.features.conv0 = torch.nn.Conv2d(1, 64, 7, 2, 3, bias=False)
            return model
        def old(state): return collections.OrderedDict((re.sub(r'(denselayer\d+\.(?:norm|conv))([12])', r'\1.\2', k), v) for k, v in state.items() if not k.endswith('num_batches_tracked'))
        def under(prefix, state): return collections.OrderedDict((prefix + k, v) for k, v in state.items())
        def floats(state, type): return collections.OrderedDict((k, v.to(type) if v.is_floating_point() else v) for k, v in state.items())

        class CheXNet(torch.nn.Module):
            def __init__(self, outputs=14):
                super().__init__()
                self.densenet121 = torchvision.models.densenet121()
                self.densenet121.classifier = torch.nn.Sequential(torch.nn.Linear(1024, outputs), torch.nn.Sigmoid())
            def forward(self, x): return self.densenet121(x)
            def logits(self, x):
                d = self.densenet121
                return d.classifier[0](torch.nn.functional.relu(d.features(x)).mean((2, 3)))

        # MONAI's names and order (monai/networks/nets/densenet.py); two spatial dimensions, no dropout.
        class MonaiLayer(torch.nn.Module):
            def __init__(self, channels):
                super().__init__()
                n = torch.nn
                self.layers = n.Sequential(collections.OrderedDict(norm1=n.BatchNorm2d(channels), relu1=n.ReLU(), conv1=n.Conv2d(channels, 128, 1, bias=False),
                    norm2=n.BatchNorm2d(128), relu2=n.ReLU(), conv2=n.Conv2d(128, 32, 3, padding=1, bias=False)))
            def forward(self, x): return torch.cat([x, self.layers(x)], 1)
        class Monai(torch.nn.Module):
            def __init__(self, inputs, outputs, blocks=(6, 12, 24, 16)):
                super().__init__()
                n = torch.nn
                self.features = n.Sequential(collections.OrderedDict(conv0=n.Conv2d(inputs, 64, 7, 2, 3, bias=False), norm0=n.BatchNorm2d(64), relu0=n.ReLU(), pool0=n.MaxPool2d(3, 2, 1)))
                channels = 64
                for i, layers in enumerate(blocks):
                    self.features.add_module(f'denseblock{i + 1}', n.Sequential(collections.OrderedDict((f'denselayer{j + 1}', MonaiLayer(channels + 32 * j)) for j in range(layers))))
                    channels += 32 * layers
                    if i == len(blocks) - 1:
                        self.features.add_module('norm5', n.BatchNorm2d(channels))
                    else:
                        self.features.add_module(f'transition{i + 1}', n.Sequential(collections.OrderedDict(norm=n.BatchNorm2d(channels), relu=n.ReLU(), conv=n.Conv2d(channels, channels // 2, 1, bias=False), pool=n.AvgPool2d(2, 2))))
                        channels //= 2
                self.class_layers = n.Sequential(collections.OrderedDict(relu=n.ReLU(), pool=n.AdaptiveAvgPool2d(1), flatten=n.Flatten(1), out=n.Linear(channels, outputs)))
            def forward(self, x): return self.class_layers(self.features(x))

        def save(value, model, channels, forward=None):
            torch.save(value, PATH)
            x = torch.randn(2, channels, 64, 64)
            put('image', x)
            with torch.no_grad(): put('logits', (forward or model)(x))

        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ImportRequest Request => new() { Name = "test", HubFolder = _folder["hub"] };

    public static TheoryData<string, string, string, string> Styles => new()
    {
        { "torchvision-densenet", "densenet121", "", "m = trained(torchvision.models.densenet121()); save(m.state_dict(), m, 3)" },
        { "torchvision-densenet", "densenet169", "", "m = trained(torchvision.models.densenet169()); save(m.state_dict(), m, 3)" },
        { "torchvision-densenet", "densenet201", "", "m = trained(torchvision.models.densenet201()); save(m.state_dict(), m, 3)" },
        { "torchvision-densenet", "densenet121", "", "m = trained(torchvision.models.densenet121()); save(old(m.state_dict()), m, 3)" },
        { "torchvision-densenet", "densenet121", "", "m = trained(torchvision.models.densenet121()); save({'epoch': 3, 'state_dict': torch.nn.DataParallel(m).state_dict(), 'optimizer': torch.optim.Adam(m.parameters()).state_dict()}, m, 3)" },
        { "torchvision-densenet", "densenet121", "", "m = trained(torchvision.models.densenet121()); save({'model': under('module.model.backbone.', old(m.state_dict()))}, m, 3)" },
        { "torchvision-densenet", "densenet121", "", "m = trained(torchvision.models.densenet121()); save(floats(m.state_dict(), torch.float64), m, 3)" },
        { "torchvision-densenet", "densenet121", "", "m = trained(torchvision.models.densenet121()); s = floats(m.state_dict(), torch.float16); m.load_state_dict(floats(s, torch.float32)); save(s, m, 3)" },
        { "torchvision-densenet", "densenet121", "", "m = trained(torchvision.models.densenet121()); s = floats(m.state_dict(), torch.bfloat16); m.load_state_dict(floats(s, torch.float32)); save(s, m, 3)" },
        // One storage for all that is 32-bit: offsets; and each matrix transposed in memory: strides.
        { "torchvision-densenet", "densenet121", "", """
            m = trained(torchvision.models.densenet121())
            s = m.state_dict()
            whole = torch.cat([torch.zeros(5)] + [v.reshape(-1) for v in s.values() if v.is_floating_point()])
            at = 5
            for k, v in s.items():
                if v.is_floating_point():
                    s[k] = whole[at:at + v.numel()].view(v.shape)
                    at += v.numel()
            save(s, m, 3)
            """ },
        { "torchvision-densenet", "densenet121", "", "m = trained(torchvision.models.densenet121()); save({k: v.transpose(0, 1).contiguous().transpose(0, 1) if v.dim() > 1 else v for k, v in m.state_dict().items()}, m.to(memory_format=torch.channels_last), 3)" },
        { "torchxrayvision-densenet", "densenet121", "", "m = trained(grey(torchvision.models.densenet121(num_classes=18))); save(m.state_dict(), m, 1)" },
        { "torchxrayvision-densenet", "densenet121", "", "m = trained(grey(torchvision.models.densenet121(num_classes=18))); f = m.forward; m.register_buffer('op_threshs', torch.tensor([0.25] * 17 + [float('nan')])); save(m.state_dict(), m, 1)" },
        { "chexnet-densenet", "densenet121", "", "m = trained(CheXNet()); save({'epoch': 1, 'state_dict': under('module.', old(m.state_dict())), 'best_loss': 0.1}, m, 3, m.logits)" },
        { "chexnet-densenet", "densenet121", "", "m = trained(CheXNet()); save({k.replace('densenet121.', 'densenet121.module.'): v for k, v in m.state_dict().items()}, m, 3, m.logits)" },
        { "monai-densenet", "densenet121", "a,b,c", "m = trained(Monai(1, 3)); save(m.state_dict(), m, 1)" },
        { "monai-densenet", "densenet121", "a,b", "m = trained(Monai(3, 2)); save({'net': under('module.', m.state_dict())}, m, 3)" },
        { "monai-densenet", "densenet169", "a", "m = trained(Monai(1, 1, (6, 12, 32, 32))); save(m.state_dict(), m, 1)" },
    };

    [Theory, MemberData(nameof(Styles))]
    public void Each_style_gives_the_sources_logits(string map, string architecture, string classes, string script)
    {
        using var peer = new PythonPeer();
        var path = _folder["source.pth"];
        peer.Run($"PATH = r'{path}'\n{Models}\n{script}");
        var (checkpoint, summary) = Importer.Import(path, Request with { Classes = classes.Length > 0 ? classes.Split(',') : null });
        using (checkpoint)
        {
            Assert.Equal((map, architecture), (summary.File.Map, summary.Architecture));
            Assert.Equal($"{architecture}.test", checkpoint.Name);
            using var scope = NewDisposeScope();
            using var quiet = no_grad();
            using var model = (nn.Module<Tensor, Tensor>)checkpoint.BuildModel();
            var (expected, found) = (peer.Get("logits"), model.forward(peer.Get("image")));
            var difference = (expected - found).abs().max().item<float>() / expected.abs().max().item<float>();
            Assert.True(difference < 1e-4, $"{difference}");
        }
    }

    [Fact]
    public void The_checkpoint_keeps_the_stored_precision_and_says_where_it_came_from()
    {
        using var peer = new PythonPeer();
        var path = _folder["half.pth"];
        peer.Run($"PATH = r'{path}'\n{Models}\nm = trained(grey(torchvision.models.densenet121(num_classes=18))); m.register_buffer('op_threshs', torch.tensor([0.25] * 17 + [float('nan')])); save({{'epoch': 3, 'state_dict': floats(m.state_dict(), torch.float16)}}, torch.nn.Flatten(), 1)");
        var (imported, summary) = Importer.Import(path, Request with { License = "Apache-2.0" });
        imported.Dispose();
        using var checkpoint = new LocalHub(_folder["hub"]).Resolve("densenet121.test");
        Assert.Equal(ScalarType.Float16, checkpoint.Weights.Entries.Single(e => e.Name == "features.conv0.weight").Type);
        Assert.Equal(ScalarType.Float16, checkpoint.Weights.Entries.Single(e => e.Name == "features.norm0.running_var").Type);
        var file = checkpoint.Parents.Imported!;
        Assert.Equal(("half.pth", new FileInfo(path).Length, "torchxrayvision-densenet", "Apache-2.0"), (file.Name, file.Bytes, file.Map, file.License));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(path))), file.Sha256);
        Assert.Equal("Apache-2.0", checkpoint.License);
        Assert.Contains(file.Sha256, File.ReadAllText(Path.Combine(checkpoint.Path, "README.md")), StringComparison.Ordinal);
        Assert.Contains("`torchxrayvision-densenet`", File.ReadAllText(Path.Combine(checkpoint.Path, "README.md")), StringComparison.Ordinal);
        Assert.Equal("op_threshs", Assert.Single(summary.Dropped).Key);
        Assert.Equal(("state_dict", "epoch", 728, 727, 0), (summary.Place, Assert.Single(summary.Others), summary.Tensors, summary.Mapped, summary.Filled));
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
        var (checkpoint, summary) = Importer.Import(saved.Weights.Path, Request with { Classes = ["Effusion", "Cardiomegaly"], Width = 64, Height = 96 });
        using (checkpoint)
        {
            Assert.Equal(("marrow", "densenet-mini"), (summary.File.Map, summary.Architecture));
            Assert.Equal((64, 96), (checkpoint.Config.Input.Width, checkpoint.Config.Input.Height));
            using var scope = NewDisposeScope();
            foreach (var entry in saved.Weights.Entries)
                Assert.True(saved.Weights.Read(entry.Name).equal(checkpoint.Weights.Read(entry.Name)).all().item<bool>(), entry.Name);
        }
    }

    [Fact]
    public void A_stage_goes_on_from_an_imported_checkpoint_and_names_it()
    {
        using var model = Drafts.Model(architecture: "densenet-mini");
        using var saved = Drafts.Of(model).Save(_folder["first"]);
        var (checkpoint, _) = Importer.Import(saved.Weights.Path, Request with { Classes = ["a", "b"], License = "CC-BY-NC-4.0" });
        using (checkpoint)
        {
            var ancestor = Assert.Single(checkpoint.Parents.Ancestors());
            Assert.Equal((AncestorKind.Checkpoint, "model.safetensors", "CC-BY-NC-4.0"), (ancestor.Kind, ancestor.Name, ancestor.License));
            using var target = Drafts.Model(seed: 5, architecture: "densenet-mini");
            Assert.Equal(1, WarmStart.Apply(target, "densenet-mini", WeightSource.Of(checkpoint)).BackboneCoverage);
        }
    }

    public static TheoryData<string, string> Faults => new()
    {
        { "a key too many", "'criterion.weight' has no place" },
        { "a key missing", "'features.norm5.weight' is missing" },
        { "another shape", "'features.norm5.weight' is [3] instead of" },
        { "the same key twice", "'features.norm5.weight' and 'module.features.norm5.weight'" },
        { "not finite", "finite numbers in 'features.norm5.weight'" },
        { "whole numbers", "'features.norm5.weight' of a type that the model can take" },
        { "no such blocks", "dense blocks of 2, 4, 6, 5 layers" },
        { "no classes", "a name for each of its 2 outputs" },
        { "unknown map", "Unknown map 'keras'. Known: marrow, monai-densenet" },
        { "unknown architecture", "Unknown architecture 'resnet50'" },
        { "unknown source", "weights of a known source" },
    };

    [Theory, MemberData(nameof(Faults))]
    public void What_does_not_fit_is_named_and_nothing_is_written(string fault, string says)
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(architecture: "densenet-mini");
        var state = model.state_dict().ToDictionary(s => s.Key, s => s.Value);
        var norm = state["features.norm5.weight"];
        var request = Request with { Classes = ["a", "b"], Map = "marrow" };
        switch (fault)
        {
            case "a key too many": state["criterion.weight"] = ones(2); break;
            case "a key missing": state.Remove("features.norm5.weight"); break;
            case "another shape": state["features.norm5.weight"] = ones(3); break;
            case "the same key twice": state["module.features.norm5.weight"] = ones(3); break;
            case "not finite": state["features.norm5.weight"] = full_like(norm, float.NaN); break;
            case "whole numbers": state["features.norm5.weight"] = norm.to(ScalarType.Int64); break;
            case "no such blocks": state["features.denseblock4.denselayer5.norm1.weight"] = ones(3); break;
            case "no classes": request = request with { Classes = null }; break;
            case "unknown map": request = request with { Map = "keras" }; break;
            case "unknown architecture": request = request with { Architecture = "resnet50" }; break;
            case "unknown source": request = request with { Map = null }; break;
        }
        var path = _folder["source.safetensors"];
        Safetensors.Write(path, [.. state]);
        Assert.Contains(says, Assert.Throws<MarrowException>(() => Importer.Import(path, request)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["hub"]));
    }

    [Fact]
    public void A_recipe_may_start_from_a_pth_file() =>
        Assert.Equal("weights/xrv.pth", RecipeReader.Parse("""
            name: r
            stages:
              - name: s
                task: classify
                model: densenet121
                init: weights/xrv.pth
                data: {format: chexpert}
            """, "r.yaml", []).Stages[0].Init);
}

using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Tests.Issues;

/// <summary>What wrappers put in front of keys is taken off by imports and warm starts alike.</summary>
public sealed class WrappedKeysTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private ImportRequest Request(string? part = null) =>
        new() { Name = "again", HubFolder = _folder["hub"], Classes = ["a", "b"], Part = part };

    public static TheoryData<string> Prefixes =>
    [
        "",
        "module.",
        "_orig_mod.",
        "module._orig_mod.",
        "_orig_mod.module.",
        "model.",
        "net.",
        "backbone.",
        "encoder.",
        "model.backbone.",
        "model._orig_mod.encoder.",
        "ema_model.",
        "ema_model.module.",
        "teacher.",
        "student.module.net.",
        "_fsdp_wrapped_module.",
        "lightning_module.model._orig_mod.",
    ];

    [Theory, MemberData(nameof(Prefixes))]
    public void A_prefix_of_wrappers_is_taken_off(string prefix)
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model();
        var path = Save([.. model.state_dict().Select(s => KeyValuePair.Create(prefix + s.Key, s.Value))]);
        AssertRead(model, path, null);
    }

    [Theory]
    [InlineData("features.denseblock1.", "features.denseblock1._orig_mod.")]
    [InlineData("features.", "features.module.")]
    [InlineData("features.", "_orig_mod.features._checkpoint_wrapped_module.")]
    [InlineData("classifier.", "classifier._orig_mod.")]
    [InlineData("classifier.", "classifier.1.")]
    [InlineData("classifier.", "head.")]
    [InlineData("features.", "encoder.features.")]
    [InlineData("features.", "model.encoder.module.features.")]
    public void A_wrapper_around_a_part_of_the_model_is_taken_off(string part, string wrapped)
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model();
        var state = model.state_dict().Select(s => KeyValuePair.Create(
            s.Key.StartsWith(part, StringComparison.Ordinal) ? wrapped + s.Key[part.Length..] : s.Key, s.Value));
        AssertRead(model, Save([.. state]), null);
    }

    [Theory]
    [InlineData("backbone.")]
    [InlineData("module.encoder.")]
    [InlineData("")]
    public void A_ResNet_whose_children_were_put_into_a_sequence_is_read(string prefix)
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(3, architecture: "resnet18");
        string[] children = ["conv1.", "bn1.", "relu.", "maxpool.", "layer1.", "layer2.", "layer3.", "layer4."];
        AssertRead(model, Save([.. model.state_dict().Select(s =>
        {
            var child = Array.FindIndex(children, c => s.Key.StartsWith("features." + c, StringComparison.Ordinal));
            var key = child < 0
                ? s.Key
                : $"{prefix}{child}.{s.Key[("features.".Length + children[child].Length)..]}";
            return KeyValuePair.Create(key, s.Value);
        })]), null, "resnet18", "features.bn1.weight", "features.conv1.weight");
    }

    [Fact]
    public void Of_a_model_and_its_average_the_model_is_read_unless_the_average_is_asked_for()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model();
        using var average = Drafts.Model(seed: 9);
        var path = Save(
        [
            .. average.state_dict().Select(s => KeyValuePair.Create("ema_model.module." + s.Key, s.Value)),
            KeyValuePair.Create("ema_model.n_averaged", tensor(5L)),
            .. model.state_dict().Select(s => KeyValuePair.Create("model." + s.Key, s.Value)),
            KeyValuePair.Create("criterion.weight", ones(2)),
        ]);
        var summary = AssertRead(model, path, null);
        Assert.Equal(["ema_model"], summary.OtherParts);
        var count = model.state_dict().Count;
        Assert.Equal([$"ema_model ({count + 1} tensors)", "criterion.weight"], summary.Others);
        Assert.Contains(
            "'ema_model'",
            string.Join('\n', Report(path)).Replace("ema_model:", "'ema_model'", StringComparison.Ordinal),
            StringComparison.Ordinal);
        AssertRead(average, path, "ema_model");
    }

    [Fact]
    public void Of_student_and_teacher_each_can_be_asked_for_within_a_nested_file()
    {
        using var scope = NewDisposeScope();
        using var student = Drafts.Model();
        using var teacher = Drafts.Model(seed: 9);
        var path = _folder["last.ckpt"];
        File.WriteAllBytes(path, new NestedFile().Number("epoch", 3).Open("state_dict")
            .State(student.state_dict(), "student.backbone.").State(teacher.state_dict(), "teacher.backbone.")
            .Close().Bytes());
        AssertRead(student, path, null);
        AssertRead(student, path, "student");
        AssertRead(teacher, path, "teacher");
        AssertRead(teacher, path, "state_dict.teacher");
    }

    [Theory]
    [InlineData("backbone.features.", "fc.", "loss_fn.pos_weight")]
    [InlineData("features.", "classifier.", "criterion.weight")]
    [InlineData("model.features.", "model.classifier.", "model.loss.weight")]
    [InlineData("model.net.features.", "model.head.", "model.train_metrics.total")]
    [InlineData("module.model.features.", "module.model.classifier.", "module.criterion.weight")]
    public void The_tensors_of_a_loss_are_left_and_named_wherever_it_stands_beside_backbone_and_head(
        string features, string head, string loss)
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model();
        var state = model.state_dict().Select(s => KeyValuePair.Create(
            s.Key.StartsWith("classifier.", StringComparison.Ordinal)
                ? head + s.Key["classifier.".Length..]
                : features + s.Key["features.".Length..],
            s.Value));
        var path = Save([.. state, KeyValuePair.Create(loss, ones(2))]);
        Assert.Equal([loss], AssertRead(model, path, null).Others);
    }

    [Fact]
    public void Many_averages_take_no_longer_than_as_many_tensors()
    {
        // Each tensor is a part of its own, and each beginning of its key could name one.
        string[] names =
        [
            "model.layer1.0.conv1.weight",
            .. Enumerable.Range(0, 20_000).Select(i => $"ema_{i}.layer1.0.conv1.weight"),
            string.Concat(Enumerable.Repeat("ema.", 1_000_000)) + "layer1.0.conv1.weight",
            string.Concat(Enumerable.Repeat("module.", 1_000_000)) + "weight",
        ];
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var keys = ForeignKeys.Of(names.ToHashSet(StringComparer.Ordinal))!;
        Assert.Equal(("model.", 100), (keys.Backbone, keys.OtherParts.Count));
        Assert.Equal(20_000, names.Count(keys.IsBeside));
        Assert.Equal("weight", ForeignKeys.Unwrap(names[^1]));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void Keys_beside_the_network_that_are_no_loss_and_no_average_are_named()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model();
        var path = Save(
        [
            .. model.state_dict().Select(s => KeyValuePair.Create("model." + s.Key, s.Value)),
            KeyValuePair.Create("decoder.weight", ones(2)),
        ]);
        var message = Assert.Throws<MarrowException>(() => Importer.Import(path, Request())).Message;
        Assert.Contains("'decoder.weight' has no place", message, StringComparison.Ordinal);
        Assert.Contains("(\"drop\", --keys) or by naming the part that is (--part)", message, StringComparison.Ordinal);
        AssertRead(model, path, "model");
    }

    [Fact]
    public void PyTorchs_own_wrappers_are_read()
    {
        using var peer = new PythonPeer();
        peer.Run(
            $$"""
            model = torchvision.models.resnet18(num_classes=3).eval()
            averaged = torch.optim.swa_utils.AveragedModel(model)
            torch.save(averaged.state_dict(), r'{{_folder["swa.pth"]}}')
            torch.save({'swa_state_dict': torch.nn.DataParallel(averaged).state_dict()}, r'{{_folder["both.pth"]}}')
            headed = torchvision.models.resnet18()
            headed.fc = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(512, 3))
            state = {'net.' + k: v for k, v in headed.state_dict().items()}
            torch.save({'state_dict': state}, r'{{_folder["headed.pth"]}}')
            """
        );
        foreach (var name in (string[])["swa.pth", "both.pth", "headed.pth"])
        {
            var (checkpoint, summary) = Importer.Run(
                _folder[name],
                new() { Name = "r", HubFolder = _folder["hub"], Classes = ["a", "b", "c"] }
            );
            using (checkpoint)
                Assert.Equal(("resnet18", 122), (summary.Architecture, summary.Mapped));
            using var target = Drafts.Model(architecture: "resnet18");
            using var source = Checkpoint.LoadWeights(_folder[name]);
            Assert.Equal(1, WarmStart.Apply(target, "resnet18", WeightSource.Of(source)).BackboneCoverage);
        }
    }

    private string Save(IReadOnlyList<KeyValuePair<string, Tensor>> state)
    {
        var path = _folder["wrapped.safetensors"];
        Safetensors.Write(path, state);
        return path;
    }

    private IReadOnlyList<string> Report(string path)
    {
        var (checkpoint, report) = Importer.Import(path, Request());
        checkpoint.Dispose();
        return [.. report.Parts.SelectMany(part => part.Rows.Select(row => string.Join(": ", row)))];
    }

    /// <summary>The file gives the model's weights to an import, and those of its backbone to a warm start.</summary>
    private ImportSummary AssertRead(
        nn.Module model, string path, string? part, string architecture = "densenet-mini",
        string norm = "features.norm5.weight", string convolution = "features.conv0.weight")
    {
        var state = model.state_dict();
        var (checkpoint, summary) = Importer.Run(path, Request(part));
        using (checkpoint)
            Assert.All(state, s =>
                Assert.True(checkpoint.Weights.Read(s.Key).equal(s.Value).all().item<bool>(), s.Key));
        using var source = new LocalHub(_folder["none"]).Resolve(part is null ? path : $"{path}#{part}");
        using var target = Drafts.Model((int)state[convolution].shape[1], seed: 77, architecture: architecture);
        Assert.Equal(1, WarmStart.Apply(target, architecture, WeightSource.Of(source)).BackboneCoverage);
        Assert.All((string[])[norm, convolution], key =>
            Assert.True(target.state_dict()[key].equal(state[key]).all().item<bool>(), key));
        return summary;
    }
}

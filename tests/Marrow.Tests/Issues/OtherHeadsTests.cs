using Marrow.Exchange;
using Marrow.Hub;
using Marrow.Phantoms;
using Marrow.Prediction;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Tests.Issues;

/// <summary>
/// Classifiers on DenseNet and ResNet with any number of classes and one or three channels are imported, also when
/// nothing in the file tells where they are from.
/// </summary>
public sealed class OtherHeadsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public static TheoryData<string, int, int> Heads => new()
    {
        { "densenet-mini", 1, 1 },
        { "densenet-mini", 3, 4 },
        { "densenet121", 1, 5 },
        { "resnet18", 3, 2 },
        { "resnet18", 1, 7 },
        { "resnet18-mlnet", 3, 3 },
    };

    [Theory, MemberData(nameof(Heads))]
    public void Outputs_without_names_are_numbered_with_a_warning_and_the_checkpoint_predicts(
        string architecture, int channels, int outputs)
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(channels, outputs, architecture: architecture);
        var kind = architecture.StartsWith("resnet", StringComparison.Ordinal) ? "resnet" : "densenet";
        var path = Write(model, kind == "resnet" ? "fc." : "classifier.");
        var (checkpoint, summary) = Importer.Run(path, Request());
        using (checkpoint)
        {
            Assert.Equal(($"torchvision-{kind}", architecture), (summary.File.Map, summary.Architecture));
            Assert.Equal(Enumerable.Range(0, outputs).Select(i => $"class{i}"), checkpoint.Config.Classes);
            Assert.Equal(outputs > 1, checkpoint.Config.ExclusiveClasses);
            Assert.Contains(summary.Warnings, w => w.Contains("does not name its", StringComparison.Ordinal));
            Assert.Contains(summary.Warnings, w => w.Contains("Nothing in the file tells", StringComparison.Ordinal));
            Assert.Equal(outputs > 1, summary.Warnings.Any(w => w.Contains("--exclusive", StringComparison.Ordinal)));
            var card = File.ReadAllText(Path.Combine(checkpoint.Path, "README.md"));
            Assert.All(summary.Warnings, warning => Assert.Contains(warning, card, StringComparison.Ordinal));
            using var quiet = no_grad();
            using var built = (nn.Module<Tensor, Tensor>)checkpoint.BuildModel();
            model.eval();
            var image = rand(1, channels, 64, 64);
            var expected = ((nn.Module<Tensor, Tensor>)model).forward(image);
            Assert.True(expected.equal(built.forward(image)).all().item<bool>());
        }
        PhantomWriter.WriteChest(_folder["chests"], 1, seed: 1, new() { Width = 96, Height = 96 });
        using var set = PredictorSet.Open(new LocalHub(_folder["hub"]), [checkpoint.Name]);
        var film = Directory.GetFiles(_folder["chests"], "*.jpg", SearchOption.AllDirectories)[0];
        var json = Marrow.Reports.FindingJson.Write(set.Predict(film).Finding);
        Assert.Contains("class0", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_and_whether_classes_exclude_each_other_come_from_the_options()
    {
        using var model = Drafts.Model(3, 3);
        var request = Request(["normal", "pneumonia", "effusion"], isExclusive: false);
        var (checkpoint, summary) = Importer.Run(Write(model), request);
        using (checkpoint)
        {
            Assert.Equal(["normal", "pneumonia", "effusion"], checkpoint.Config.Classes);
            Assert.False(checkpoint.Config.ExclusiveClasses);
            Assert.Contains("Nothing in the file tells", Assert.Single(summary.Warnings), StringComparison.Ordinal);
        }
        Assert.Contains(
            "a name for each of its 3 outputs, found 2 names in --classes",
            Assert.Throws<MarrowException>(() => Importer.Import(Write(model), Request(["a", "b"]))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_known_map_without_names_for_so_many_outputs_numbers_them_too()
    {
        using var model = Drafts.Model(3, 4);
        var (checkpoint, summary) = Importer.Run(Write(model), Request(map: "torchvision-densenet"));
        using (checkpoint)
            Assert.Equal(["class0", "class1", "class2", "class3"], checkpoint.Config.Classes);
        Assert.Equal(2, summary.Warnings.Count);
        Assert.Contains("does not name its 4 outputs", summary.Warnings[0], StringComparison.Ordinal);
        Assert.Contains("as torchvision-densenet has it", summary.Warnings[1], StringComparison.Ordinal);
    }

    /// <summary>A map that keys alone tell knows its own classes, not those of another head.</summary>
    [Theory]
    [InlineData("chexnet-densenet", "densenet121.features.", "densenet121.classifier.", 3)]
    [InlineData("chexnet-densenet", "features.", "classifier.0.", 3)]
    [InlineData("monai-densenet", "features.", "class_layers.out.", 2)]
    [InlineData("monai-densenet", "features.", "class_layers.out.", 14)]
    public void Whether_one_class_holds_is_said_to_be_chosen_also_where_keys_tell_the_map(
        string map, string features, string head, int outputs)
    {
        using var model = Drafts.Model(3, outputs);
        var path = _folder["keys.safetensors"];
        Safetensors.Write(path, [.. model.state_dict().Select(s => KeyValuePair.Create(
            s.Key.StartsWith("classifier.", StringComparison.Ordinal)
                ? head + s.Key["classifier.".Length..]
                : features + s.Key["features.".Length..],
            s.Value))]);
        var (checkpoint, summary) = Importer.Run(path, Request());
        using (checkpoint)
        {
            Assert.Equal((map, false), (summary.File.Map, checkpoint.Config.ExclusiveClasses));
            Assert.Equal("class0", checkpoint.Config.Classes[0]);
        }
        Assert.Equal(2, summary.Warnings.Count);
        Assert.Contains($"does not name its {outputs} outputs", summary.Warnings[0], StringComparison.Ordinal);
        Assert.Contains($"a sigmoid of each is taken, as {map} has it", summary.Warnings[1], StringComparison.Ordinal);
        var (named, other) = Importer.Run(
            path, Request([.. Enumerable.Range(0, outputs).Select(i => $"finding{i}")], isExclusive: true));
        using (named)
            Assert.True(named.Config.ExclusiveClasses);
        Assert.Empty(other.Warnings);
    }

    [Fact]
    public void The_classes_of_a_source_that_is_known_need_no_warning()
    {
        using var model = Drafts.Model(3, 14);
        var (checkpoint, summary) = Importer.Run(Write(model, "classifier.0."), Request());
        using (checkpoint)
            Assert.Equal("Atelectasis", checkpoint.Config.Classes[0]);
        Assert.Empty(summary.Warnings);
    }

    [Fact]
    public void A_guessed_source_gives_no_names_even_to_a_thousand_outputs()
    {
        using var model = Drafts.Model(1, 1000);
        var (checkpoint, summary) = Importer.Run(Write(model), Request());
        using (checkpoint)
            Assert.Equal("class0", checkpoint.Config.Classes[0]);
        Assert.Equal(3, summary.Warnings.Count);
    }

    [Fact]
    public void A_softmax_over_one_output_is_refused()
    {
        using var model = Drafts.Model(3, 1);
        var path = Write(model);
        Assert.Contains(
            "two or more outputs, of which exactly one holds, found one",
            Assert.Throws<MarrowException>(() => Importer.Import(path, Request(["a"], isExclusive: true))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_head_on_other_channels_or_a_backbone_without_a_head_is_named()
    {
        using var scope = NewDisposeScope();
        using var wide = Drafts.Model(4, 2);
        Refused(Write(wide), "a classifier of 1 or 3 input channels and 1 to 10000 outputs, found 4 channels");
        using var model = Drafts.Model(3, 2, architecture: "resnet18");
        Safetensors.Write(_folder["headless.safetensors"], [.. model.state_dict()
            .Where(s => s.Key.StartsWith("features.", StringComparison.Ordinal))
            .Select(s => KeyValuePair.Create(s.Key["features.".Length..], s.Value))]);
        Refused(_folder["headless.safetensors"], "a ResNet-18 without a classifier's last layer (fc.weight, ");
    }

    [Fact]
    public void Outputs_beyond_what_a_config_may_have_are_refused_before_they_are_named()
    {
        using var scope = NewDisposeScope();
        using var model = Drafts.Model(3, 2, architecture: "resnet18");
        // Empty tensors, which may claim any number of outputs in a file of some kilobytes.
        Safetensors.Write(_folder["many.safetensors"], [.. model.state_dict()
            .Where(s => s.Key.StartsWith("features.", StringComparison.Ordinal) && s.Value.dim() == 4)
            .Select(s => KeyValuePair.Create(
                s.Key["features.".Length..], zeros([s.Value.shape[0], s.Value.shape[1], 0, 0])))
            .Append(KeyValuePair.Create("fc.weight", zeros([int.MaxValue, 0])))]);
        var before = GC.GetTotalAllocatedBytes();
        Refused(_folder["many.safetensors"], "3 channels and 2147483647 outputs");
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 1L << 30);
    }

    private void Refused(string path, string says) =>
        Assert.Contains(
            says,
            Assert.Throws<MarrowException>(() => Importer.Import(path, Request())).Message,
            StringComparison.Ordinal);

    private ImportRequest Request(
        IReadOnlyList<string>? classes = null, bool? isExclusive = null, string? map = null) =>
        new()
        {
            Name = "head",
            HubFolder = _folder["hub"],
            Classes = classes,
            ExclusiveClasses = isExclusive,
            Map = map,
        };

    /// <summary>A state dict in torchvision's spelling: of a ResNet without "features.", and with "fc.".</summary>
    private string Write(nn.Module model, string head = "classifier.")
    {
        var path = _folder["head.safetensors"];
        Safetensors.Write(path, [.. model.state_dict().Select(s => KeyValuePair.Create(
            s.Key.StartsWith("classifier.", StringComparison.Ordinal) ? head + s.Key["classifier.".Length..]
            : head == "fc." ? s.Key["features.".Length..]
            : s.Key, s.Value))]);
        return path;
    }
}

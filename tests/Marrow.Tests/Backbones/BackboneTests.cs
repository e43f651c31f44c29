using System.Security.Cryptography;
using System.Text;
using Marrow.Backbones;
using Marrow.Modules;
using Marrow.Onnx;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Masks;
using Marrow.Tasks.Numbers;
using Marrow.Tasks.Points;
using Marrow.Tasks.Pretrain;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tests.Backbones;

/// <summary>What heads, freezing and rankings may expect of every backbone, and that they expect no more.</summary>
public class BackboneTests
{
    public static TheoryData<string> Names => [.. BackboneCatalogue.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public void Level_l_has_stride_two_to_the_l_and_a_stage_of_the_same_name_in_every_backbone(string name)
    {
        var shape = BackboneCatalogue.Get(name);
        Assert.Equal([2, 4, 8, 16, 32], shape.Levels.Select(level => level.Stride));
        Assert.Equal(["stem", "block1", "block2", "block3", "block4"], shape.Stages.Select(stage => stage.Name));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Stages_own_each_key_once_and_levels_are_what_the_pyramid_gives(string name)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var backbone = BackboneCatalogue.Create(name, 1);
        var shape = BackboneCatalogue.Get(name);
        Assert.Equal(shape.Levels, backbone.Levels);
        Assert.Equal(Prefixes(shape.Stages), Prefixes(backbone.Stages));
        Assert.All(backbone.state_dict().Keys, key => Assert.Single(backbone.Stages, stage => stage.Owns(key)));

        backbone.eval();
        var maps = backbone.ForwardPyramid(zeros(1, 1, 32, 64), 1);
        Assert.Equal(backbone.Levels.Count, maps.Length);
        foreach (var (map, level) in maps.Zip(backbone.Levels))
            Assert.Equal([1, level.Channels, 32 / level.Stride, 64 / level.Stride], map.shape);
        var odd = backbone.ForwardPyramid(zeros(1, 1, 33, 67), 1);
        Assert.Equal([17, 34, 9, 17], (long[])[.. odd[0].shape[2..], .. odd[1].shape[2..]]);
        Assert.Equal(backbone.OutputChannels, backbone.forward(zeros(1, 1, 32, 64)).shape[1]);
        Assert.Equal(backbone.Levels.Skip(2).Select(level => level.Channels), backbone.PyramidChannels(3));

        static IEnumerable<string> Prefixes(IEnumerable<BackboneStage> stages) => stages.SelectMany(s => s.Prefixes);
    }

    [Fact]
    public void An_unknown_name_and_images_without_channels_are_refused()
    {
        var error = Assert.Throws<MarrowException>(() => BackboneCatalogue.Create("densenet1", 1));
        Assert.Contains("'densenet1'", error.Message, StringComparison.Ordinal);
        Assert.Contains("densenet-mini", error.Message, StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => BackboneCatalogue.Create("densenet-mini", 0));
    }

    [Fact]
    public void Every_head_takes_a_backbone_that_it_has_never_seen()
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var images = randn(2, 1, 64, 96);
        Assert.Equal([2, 3], Shape(new Classifier(new Plain(), 3)));
        Assert.Equal([2, 3], Shape(new NumberRegressor(new Plain(), 3)));
        Assert.Equal([2, 3], Shape(new CobbRegressor(new Plain(), 3)));
        Assert.Equal([2, 5, 3], Shape(new PointLocator(new Plain(), 5)));
        Assert.Equal([2, 4, 64, 96], Shape(new SegmentationNet(new Plain(), 4)));
        Assert.Equal([2, 1, 64, 96], Shape(new MaskedAutoencoder(new Plain())));
        using var detector = new RetinaNet(new Plain(), new() { PyramidChannels = 16, HeadConvolutions = 1 });
        using var found = detector.forward(images);
        Assert.Equal([2, found.Anchors.Boxes.Length, 4], found.BoxDeltas.shape);

        long[] Shape(Module<Tensor, Tensor> head)
        {
            using var model = head;
            return model.forward(images).shape;
        }
    }

    [Fact]
    public void A_backbone_without_nodes_of_ONNX_is_refused_by_its_name()
    {
        using var model = new Classifier(new Plain(), 3);
        var layers = new OnnxLayers(new("plain"), model);
        var error = Assert.Throws<MarrowException>(() => model.Features.WriteOnnx(layers, "image", "features.", 5));
        Assert.Contains("found Plain", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "8e50c80152911073")]
    [InlineData("retinanet-", "7fe1b9d3e26e4a7d")]
    [InlineData("cobb-", "de7e41b76eb90ce0")]
    [InlineData("regress-", "9ee7ed87cf98b27c")]
    [InlineData("points-", "589fbd66a0a9f8f1")]
    [InlineData("segment-", "7c3e9ebe09abe180")]
    [InlineData("pretrain-", "9cc4c4c0d49aa07e")]
    public void Keys_and_shapes_are_those_of_the_checkpoints_that_are_there(string task, string digest)
    {
        using var model = ModelCatalogue.Create(new() { Architecture = $"{task}densenet-mini", Outputs = 3 });
        var text = string.Join('\n', model.state_dict().Select(s => $"{s.Key} {string.Join(' ', s.Value.shape)}"));
        Assert.Equal(digest, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16]);
    }

    /// <summary>Five convolutions, each of which halves the image, and as many widths as there are levels.</summary>
    private sealed class Plain : Backbone
    {
        private static readonly BackboneLevel[] Widths = [new(8, 2), new(16, 4), new(24, 8), new(40, 16), new(48, 32)];
        private readonly Module<Tensor, Tensor>[] _layers = new Module<Tensor, Tensor>[Widths.Length];

        public Plain() : base(nameof(Plain), Widths, [.. Widths.Select((_, i) => new BackboneStage($"{i}", [$"{i}."]))])
        {
            for (var i = 0; i < _layers.Length; i++)
            {
                _layers[i] = Layers.Convolution(i == 0 ? 1 : Widths[i - 1].Channels, Widths[i].Channels, 3, stride: 2);
                register_module($"{i}", _layers[i]);
            }
        }

        public override Tensor[] ForwardPyramid(Tensor images, int firstLevel)
        {
            var maps = new List<Tensor>();
            foreach (var layer in _layers)
                maps.Add(functional.relu(layer.forward(maps.Count == 0 ? images : maps[^1])));
            return [.. maps.Skip(firstLevel - 1)];
        }
    }
}

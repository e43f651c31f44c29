using Marrow.Imaging;
using Marrow.Losses;
using Marrow.Modules;
using Marrow.Spine;
using Marrow.Tasks;
using Marrow.Tasks.Cobb;
using Marrow.Tasks.Vertebrae;
using TorchSharp;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks;

public class RetinaNetTests
{
    private static RetinaNet Create(DetectorSpec? detector = null)
    {
        random.manual_seed(1);
        return (RetinaNet)
            ModelCatalogue.Create(
                new ModelSpec
                {
                    Architecture = "retinanet-densenet-mini",
                    Detector = detector ?? new() { PyramidChannels = 16 },
                }
            );
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(3, 1)]
    [InlineData(2, 1)]
    [InlineData(2, 3)]
    public void Outputs_and_anchors_are_of_one_length(int firstLevel, int levels)
    {
        using var scope = NewDisposeScope();
        var spec = new DetectorSpec
        {
            PyramidChannels = 16,
            FirstPyramidLevel = firstLevel,
            AnchorSizes = [.. Enumerable.Range(0, levels).Select(l => 16.0 * (1 << l))],
        };
        var output = Create(spec).forward(zeros(2, 1, 64, 128));
        var cells = Enumerable
            .Range(firstLevel, levels)
            .Sum(level => Math.Max(64 >> level, 1) * Math.Max(128 >> level, 1));
        Assert.Equal([2, cells * 9, 1], output.ClassLogits.shape);
        Assert.Equal([2, cells * 9, 4], output.BoxDeltas.shape);
        Assert.Equal([2, cells * 9, 8], output.CornerOffsets!.shape);
        Assert.Equal(cells * 9, output.Anchors.Boxes.Length);
    }

    [Fact]
    public void At_first_every_anchor_is_foreground_with_one_percent()
    {
        using var scope = NewDisposeScope();
        var output = Create().forward(randn(1, 1, 64, 64));
        Assert.Equal(0.01, output.ClassLogits.sigmoid().mean().item<float>(), 1e-3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_parameter_learns_and_the_loss_falls(bool groupNorm)
    {
        using var scope = NewDisposeScope();
        var spec = DetectorSpec.Vertebrae(64, 192) with { PyramidChannels = 32, HeadGroupNorm = groupNorm };
        Assert.Equal(2, spec.FirstPyramidLevel);
        var model = Create(spec);
        var spine = RandomSpine.Create(new SeededRandom(1), 64, 192);
        var image = Draw(spine, 64, 192);
        using var optimizer = optim.AdamW(model.parameters(), 2e-3);
        var totals = new List<float>();
        for (var step = 0; step < 10; step++)
        {
            using var inner = NewDisposeScope();
            var total = DetectionLoss.Compute(model.forward(image), [spine.AsTargets()]).Total();
            optimizer.zero_grad();
            total.backward();
            Assert.All(model.named_parameters(), p =>
                Assert.True(p.parameter.grad is { } g && g.isfinite().all().item<bool>(), p.name));
            optimizer.step();
            totals.Add(total.item<float>());
        }
        Assert.InRange(totals[^1], 0, 0.9f * totals[0]);
    }

    [Theory]
    [InlineData("retinanet-densenet-mini")]
    [InlineData("cobb-densenet-mini")]
    public void Models_run_in_bfloat16_with_channels_last(string architecture)
    {
        using var scope = NewDisposeScope();
        using var model = ModelCatalogue.Create(new ModelSpec
        {
            Architecture = architecture,
            Outputs = 3,
            Detector = DetectorSpec.Vertebrae(64, 192) with { PyramidChannels = 16, HeadGroupNorm = true },
        });
        model.to(bfloat16);
        var image = randn(2, 192, 64, 1).to(bfloat16).permute(0, 3, 1, 2);
        if (model is RetinaNet detector)
        {
            var spine = RandomSpine.Create(new SeededRandom(1), 64, 192);
            var output = detector.forward(image);
            DetectionLoss.Compute(output, [spine.AsTargets(), spine.AsTargets()]).Total().backward();
            Assert.Equal(2, SpineDecoder.Decode(output, new()).Count);
        }
        else
        {
            AngleLoss.Compute(((CobbRegressor)model).forward(image), ones(2, 3) * 30, smapeWeight: 1).backward();
        }
        Assert.All(model.named_parameters(), p =>
            Assert.True(p.parameter.grad is { } g && g.isfinite().all().item<bool>(), p.name));
    }

    [Fact]
    public void Backbone_keys_are_the_classifiers_under_another_prefix()
    {
        static IEnumerable<string> Backbone(string architecture)
        {
            var spec = new ModelSpec { Architecture = architecture };
            using var model = ModelCatalogue.Create(spec);
            var prefix = ModelCatalogue.BackbonePrefix(architecture);
            var keys = model.state_dict().Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal)).ToArray();
            Assert.All(keys, key => Assert.Single(BackboneStages.Of(spec), stage => stage.Owns(key)));
            return keys.Select(key => key[prefix.Length..]).Order();
        }
        Assert.Equal(Backbone("densenet-mini"), Backbone("retinanet-densenet-mini"));
        Assert.Equal(Backbone("densenet-mini"), Backbone("cobb-densenet-mini"));
    }

    [Fact]
    public void Impossible_specs_say_what_is_wrong()
    {
        void Fails(DetectorSpec spec, string because) =>
            Assert.Contains(
                because,
                Assert.Throws<MarrowException>(() => Create(spec)).Message,
                StringComparison.Ordinal);
        Fails(new() { AnchorSizes = [] }, "anchor sizes");
        Fails(new() { AnchorSizes = [1, 2, 3, 4, 5, 6] }, "1 to 5 anchor sizes");
        Fails(new() { AnchorRatios = [0] }, "above 0");
        Fails(new() { Corners = 3 }, "0 or 4 corners");
        Fails(new() { FirstPyramidLevel = 4 }, "pyramid level");
        Fails(new() { PyramidChannels = 0 }, "pyramid channel");
    }

    [Fact]
    public void Codes_and_their_decoding_are_inverses()
    {
        var random = new SeededRandom(5);
        Span<float> code = stackalloc float[8];
        for (var i = 0; i < 1000; i++)
        {
            var anchor = new Box((float)random.Uniform(-20, 200), (float)random.Uniform(-20, 600), 0, 0);
            anchor = anchor with
            {
                X2 = anchor.X1 + (float)random.Uniform(8, 80),
                Y2 = anchor.Y1 + (float)random.Uniform(8, 80),
            };
            var vertebra = RandomSpine.Create(random)[random.Next(17)];
            CornerCoder.Encode(vertebra, anchor, code);
            Assert.InRange(RandomSpine.LargestDistance(vertebra, CornerCoder.Decode(code, anchor)), 0, 1e-3);
            var box = CornerCoder.BoxOf(vertebra);
            BoxCoder.Encode(box, anchor, code);
            var back = BoxCoder.Decode(code, anchor);
            Assert.InRange(
                Math.Abs(back.X1 - box.X1)
                    + Math.Abs(back.Y1 - box.Y1)
                    + Math.Abs(back.X2 - box.X2)
                    + Math.Abs(back.Y2 - box.Y2),
                0,
                1e-2);
        }
    }

    [Fact]
    public void The_regressor_gives_degrees_for_any_size()
    {
        using var scope = NewDisposeScope();
        random.manual_seed(1);
        var model = (CobbRegressor)
            ModelCatalogue.Create(new ModelSpec { Architecture = "cobb-densenet-mini", Outputs = 3 });
        foreach (var (height, width) in ((int, int)[])[(192, 64), (640, 224), (64, 64)])
        {
            var angles = model.forward(randn(2, 1, height, width));
            Assert.NotEqual(angles[0, 0].item<float>(), angles[1, 0].item<float>());
            Assert.Equal([2, 3], angles.shape);
            Assert.Equal(ScalarType.Float32, angles.dtype);
            Assert.InRange(angles.mean().item<float>(), 5, 35);
        }
    }

    /// <summary>[1, 1, H, W]: the spine's boxes bright on black.</summary>
    private static Tensor Draw(Vertebra[] spine, int width, int height)
    {
        var pixels = new float[width * height];
        foreach (var box in spine.Select(v => CornerCoder.BoxOf(v)))
            for (var y = (int)Math.Max(box.Y1, 0); y < Math.Min(box.Y2, height); y++)
                for (var x = (int)Math.Max(box.X1, 0); x < Math.Min(box.X2, width); x++)
                    pixels[y * width + x] = 1;
        return tensor(pixels, [1, 1, height, width]);
    }
}

using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Tasks;
using Marrow.Tasks.Masks;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Masks;

public class SegmentationNetTests
{
    private static SegmentationNet Create(int outputs = 1, string backbone = "densenet-mini")
    {
        manual_seed(1);
        return (SegmentationNet)
            ModelCatalogue.Create(new() { Architecture = $"segment-{backbone}", Outputs = outputs });
    }

    [Theory]
    [InlineData(1, 64, 96)]
    [InlineData(4, 101, 77)] // no multiples of 32, nor of 2
    public void There_is_a_float32_logit_for_each_pixel_and_output(int outputs, int width, int height)
    {
        using var scope = NewDisposeScope();
        using var model = Create(outputs);
        var logits = model.forward(randn(2, 1, height, width));
        Assert.Equal([2, outputs, height, width], logits.shape);
        Assert.Equal(ScalarType.Float32, logits.dtype);
        logits.sum().backward();
        Assert.All(model.named_parameters(), p => Assert.True(p.parameter.grad is not null, p.name));
    }

    [Fact]
    public void The_decoder_computes_what_its_description_says()
    {
        using var peer = new PythonPeer();
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Create(3);
        foreach (var (key, value) in model.state_dict())
        {
            if (key.Contains("norm.", StringComparison.Ordinal) && key.StartsWith("decoder", StringComparison.Ordinal))
                value.uniform_(0.5, 1.5);
            if (!key.StartsWith("features", StringComparison.Ordinal))
                peer.Put(key, value);
        }
        model.eval();
        var images = randn(2, 1, 90, 70);
        var maps = model.Features.ForwardPyramid(images, 1);
        for (var level = 1; level <= 5; level++)
            peer.Put($"c{level}", maps[level - 1]);
        peer.Run(
            """
            F = torch.nn.functional
            x = None
            for l in [5, 4, 3, 2, 1]:
                key = f'decoder.{l}.'
                y = F.conv2d(get(f'c{l}'), get(key + 'skip.weight'))
                if x is not None:
                    y = y + F.interpolate(F.conv2d(x, get(key + 'narrow.weight')), size=y.shape[2:], mode='nearest')
                    y = F.conv2d(y, get(key + 'conv.weight'), padding=1)
                x = F.relu(F.group_norm(y, 8, get(key + 'norm.weight'), get(key + 'norm.bias')))
            put('logits', F.interpolate(F.conv2d(x, get('logits.weight'), get('logits.bias')), size=(90, 70), mode='bilinear', align_corners=False))
            """
        );
        var difference = (peer.Get("logits") - model.forward(images)).abs().max().item<float>();
        Assert.True(difference < 1e-4, $"{difference}");
    }

    [Fact]
    public void The_backbone_comes_whole_from_a_classifier_and_goes_whole_into_one()
    {
        using var classifier = Drafts.Model(outputs: 5);
        using var model = Create();
        var features = model.state_dict().Keys.Where(k => k.StartsWith("features.", StringComparison.Ordinal)).ToList();
        Assert.Equal(
            classifier.state_dict().Keys.Where(k => k.StartsWith("features.", StringComparison.Ordinal)),
            features);
        using var folder = new TemporaryFolder();
        using var checkpoint = Drafts.Of(Drafts.Model()).Save(folder["hub"]);
        var receipt = WarmStart.Apply(model, "segment-densenet-mini", WeightSource.Of(checkpoint), new());
        Assert.Equal(1, receipt.BackboneCoverage);
    }

    [Fact]
    public void The_decoder_is_light()
    {
        using var model = Create(backbone: "densenet121");
        using var backbone = ModelCatalogue.Create(new() { Architecture = "densenet121" });
        var decoder = Parameters.Count(model) - Parameters.Count(backbone);
        Assert.InRange(decoder, 100_000, 400_000); // of 7 million
    }
}

public class MaskDecoderTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_mask_is_decided_where_torch_interpolates_the_logits(int outputs)
    {
        using var scope = NewDisposeScope();
        manual_seed(4);
        var (width, height) = (61, 130);
        var logits = randn(1, outputs, 20, 13);
        var large = nn.functional.interpolate(
            logits,
            [height, width],
            mode: InterpolationMode.Bilinear,
            align_corners: false
        )[0];
        var expected = outputs == 1 ? large[0].gt(0).to(uint8) : large.argmax(0).to(uint8);
        var found = MaskDecoder.Decode(
            logits.data<float>().ToArray(),
            outputs,
            13,
            20,
            AffineTransform.Scale(13.0 / width, 20.0 / height),
            width,
            height);
        var different = found.Zip(expected.data<byte>().ToArray()).Count(p => p.First != p.Second);
        Assert.True(different <= 3, $"{different} pixels"); // those whose logits are equal but for rounding
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_turned_view_has_the_classes_that_torch_samples(int outputs)
    {
        using var scope = NewDisposeScope();
        manual_seed(6);
        var (inputWidth, inputHeight, width, height) = (13, 20, 17, 24);
        var logits = randn(1, outputs, inputHeight, inputWidth);
        var toInput = AffineTransform
            .Rotate(0.4)
            .Then(AffineTransform.Scale(-0.8, 0.7))
            .Then(AffineTransform.Translate(9, -1));
        var (grid, inside) = (new float[height * width * 2], new bool[height * width]);
        for (var i = 0; i < inside.Length; i++)
        {
            var at = toInput.Apply(new(i % width + 0.5, i / width + 0.5));
            // the edges are -1 and 1
            (grid[2 * i], grid[2 * i + 1]) = ((float)(2 * at.X / inputWidth - 1), (float)(2 * at.Y / inputHeight - 1));
            inside[i] = at.X >= 0 && at.X <= inputWidth && at.Y >= 0 && at.Y <= inputHeight;
        }
        var sampled = nn.functional.grid_sample(
            logits,
            tensor(grid, [1, height, width, 2]),
            GridSampleMode.Bilinear,
            GridSamplePaddingMode.Border,
            false
        )[0];
        var classes = (outputs == 1 ? sampled[0].gt(0).to(uint8) : sampled.argmax(0).to(uint8)).data<byte>().ToArray();
        byte[] expected = [.. classes.Select((c, i) => inside[i] ? c : (byte)99)];
        var found = MaskDecoder.DecodeView(
            logits.data<float>().ToArray(),
            outputs,
            inputWidth,
            inputHeight,
            toInput,
            width,
            height,
            99);
        Assert.InRange(inside.Count(i => i), 100, inside.Length - 50);
        // those whose logits are equal but for rounding
        Assert.True(found.Zip(expected).Count(p => p.First != p.Second) <= 2);
    }

    [Fact]
    public void What_a_cover_cuts_off_is_background()
    {
        var logits = Enumerable.Repeat(5f, 10 * 10).ToArray();
        var toInput = new AffineTransform(1, 0, -5, 0, 1, 0); // the image is 20 wide, the input shows its middle
        var mask = MaskDecoder.Decode(logits, 1, 10, 10, toInput, 20, 10);
        Assert.Equal(Enumerable.Range(0, 20).Select(x => x is >= 5 and < 15 ? (byte)1 : (byte)0), mask[..20]);
    }

    [Fact]
    public void The_expected_dice_is_the_one_that_true_masks_drawn_from_the_probabilities_have()
    {
        var random = new SeededRandom(8);
        var logits = Enumerable.Range(0, 4000).Select(_ => (float)(2 * random.NextGaussian() - 1)).ToArray();
        double both = 0, truth = 0, found = 0;
        for (var draw = 0; draw < 50; draw++)
        {
            foreach (var logit in logits)
            {
                var (t, f) = (random.NextDouble() < 1 / (1 + Math.Exp(-logit)) ? 1 : 0, logit > 0 ? 1 : 0);
                (both, truth, found) = (both + t * f, truth + t, found + f);
            }
        }
        Assert.Equal(2 * both / (truth + found), MaskDecoder.ExpectedDice(logits, 1)[0], 0.005);
        Assert.Equal(
            [1.0, 1.0],
            MaskDecoder
                .ExpectedDice([.. Enumerable.Range(0, 300).Select(i => i / 100 == i % 100 % 3 ? 60f : -60f)], 3)
                .Select(d => Math.Round(d, 6)));
    }
}

using Marrow.Tasks.Masks;
using static TorchSharp.torch;

namespace Marrow.Tests.Losses;

public class SegmentationLossTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Values_and_gradients_are_those_of_another_implementation(int outputs)
    {
        using var scope = NewDisposeScope();
        using var peer = new PythonPeer();
        manual_seed(3);
        var logits = (randn(3, outputs, 17, 11) * 2).requires_grad_();
        var masks = randint(0, Math.Max(outputs, 2), [3, 17, 11]);
        masks[0] = zeros(17, 11, dtype: int64); // an image without anything
        var (entropy, dice) = SegmentationLoss.Compute(logits, masks.to(uint8));
        (entropy + dice).backward();
        peer.Put("logits", logits);
        peer.Put("masks", masks);
        peer.Run("""
            x, t = get('logits').double().requires_grad_(), get('masks')
            if x.shape[1] == 1:
                p = 1 / (1 + torch.exp(-x))
                onehot = t[:, None].double()
                ce = -(onehot * torch.log(p) + (1 - onehot) * torch.log(1 - p)).mean()
            else:
                e = torch.exp(x); q = e / e.sum(1, keepdim=True)
                p = q[:, 1:]
                onehot = torch.stack([(t == c) for c in range(1, x.shape[1])], 1).double()
                ce = -torch.log(torch.gather(q, 1, t[:, None])).mean()
            scores = []
            for n in range(x.shape[0]):
                for c in range(p.shape[1]):
                    scores.append((2 * (p[n, c] * onehot[n, c]).sum() + 1) / (p[n, c].sum() + onehot[n, c].sum() + 1))
            dice = 1 - sum(scores) / len(scores)
            (ce + dice).backward()
            put('losses', torch.stack([ce, dice])); put('gradient', x.grad)
            """);
        var expected = peer.Get("losses");
        Assert.Equal(expected[0].item<float>(), entropy.item<float>(), 1e-5);
        Assert.Equal(expected[1].item<float>(), dice.item<float>(), 1e-5);
        Assert.True((peer.Get("gradient") - logits.grad!).abs().max().item<float>() < 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Pixels_of_which_nothing_is_known_count_for_nothing(int outputs)
    {
        using var scope = NewDisposeScope();
        manual_seed(5);
        var logits = (randn(3, outputs, 16, 12) * 2).requires_grad_();
        var masks = randint(0, Math.Max(outputs, 2), [3, 16, 12]).to(uint8);
        var gaps = masks.clone();
        gaps[0] = full(16, 12, (long)SegmentationLoss.Unknown, dtype: uint8); // nothing is known of the first image
        gaps[TensorIndex.Slice(1, null), TensorIndex.Slice(8, null)] = full(
            2,
            8,
            12,
            (long)SegmentationLoss.Unknown,
            dtype: uint8
        ); // nor of the others' lower half
        var (entropy, dice) = SegmentationLoss.Compute(logits, gaps, gaps: true);
        (entropy + dice).backward();
        var gradient = logits.grad!.clone();
        logits.grad!.zero_();

        // The known halves by themselves.
        var (expectedEntropy, expectedDice) = SegmentationLoss.Compute(
            logits[TensorIndex.Slice(1, null), .., TensorIndex.Slice(null, 8)],
            masks[TensorIndex.Slice(1, null), TensorIndex.Slice(null, 8)]);
        (expectedEntropy + expectedDice).backward();
        Assert.Equal(expectedEntropy.item<float>(), entropy.item<float>(), 1e-5);
        Assert.Equal(expectedDice.item<float>(), dice.item<float>(), 1e-5);
        Assert.True((gradient - logits.grad!).abs().max().item<float>() < 1e-6);
        Assert.Equal(0, gradient[0].abs().max().item<float>());
        Assert.True(gradient[1].abs().max().item<float>() > 0);

        // Without gaps both say the same.
        var (whole, known) = (
            SegmentationLoss.Compute(logits, masks),
            SegmentationLoss.Compute(logits, masks, gaps: true));
        Assert.Equal(whole.CrossEntropy.item<float>(), known.CrossEntropy.item<float>(), 1e-5);
        Assert.Equal(whole.Dice.item<float>(), known.Dice.item<float>(), 1e-5);
    }

    [Fact]
    public void A_sure_right_answer_costs_nothing_and_an_image_without_the_class_can_be_right()
    {
        using var scope = NewDisposeScope();
        var masks = zeros(2, 8, 8, dtype: uint8);
        masks[0, 2, 3] = 1;
        var (entropy, dice) = SegmentationLoss.Compute((masks.unsqueeze(1).to(float32) - 0.5f) * 60, masks);
        Assert.Equal(0, entropy.item<float>(), 1e-6);
        Assert.Equal(0, dice.item<float>(), 1e-6);
        Assert.Equal(ScalarType.Float32, SegmentationLoss.Compute(zeros(2, 1, 8, 8).to(bfloat16), masks).Dice.dtype);
    }
}

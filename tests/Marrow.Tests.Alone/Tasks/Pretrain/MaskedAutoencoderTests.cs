using Marrow.Computing;
using Marrow.Tasks;
using Marrow.Tasks.Pretrain;
using static TorchSharp.torch;

namespace Marrow.Tests.Tasks.Pretrain;

public class MaskedAutoencoderTests
{
    private static readonly MaskingSpec Spec = new() { Share = 0.6, PatchPixels = 8 };

    [Fact]
    public void Every_image_has_the_same_number_of_whole_patches_hidden()
    {
        using var scope = NewDisposeScope();
        var mask = PatchMask.Of(rand(5, 4 * 6), Spec, width: 48, height: 32);
        Assert.Equal([5, 1, 32, 48], mask.shape);
        // a patch is hidden in all of it or not at all
        var cells = mask.view(5, 4, 8, 6, 8).mean([2, 4]).data<float>().ToArray();
        Assert.All(cells, share => Assert.True(share is 0 or 1));
        Assert.All(cells.Chunk(24), image => Assert.Equal(14, image.Sum())); // 0.6 of 24, rounded
    }

    [Fact]
    public void The_loss_sees_hidden_pixels_alone()
    {
        using var scope = NewDisposeScope();
        var images = randn(2, 1, 32, 48);
        var mask = PatchMask.Of(rand(2, 4 * 6), Spec, 48, 32);
        var predicted = randn(2, 1, 32, 48).requires_grad_(true);
        ReconstructionLoss.Compute(predicted, images, mask, 8).backward();
        var gradient = predicted.grad!.abs();
        Assert.Equal(0, (gradient * mask.eq(Scalars.Of(0.0))).max().item<float>());
        Assert.True((gradient * mask).sum().item<float>() > 0);
        Assert.Equal(0, PatchMask.Hide(images, mask).masked_select(mask.to(ScalarType.Bool)).abs().max().item<float>());
    }

    [Fact]
    public void The_target_itself_has_no_error_and_the_means_have_all_of_it()
    {
        using var scope = NewDisposeScope();
        var images = randn(3, 1, 32, 48) * Scalars.Of(3.0);
        var mask = PatchMask.Of(rand(3, 4 * 6), Spec, 48, 32);
        var perfect = ReconstructionLoss.Measure(ReconstructionLoss.Target(images, 8), images, mask, 8);
        var means = ReconstructionLoss.Measure(zeros(3, 1, 32, 48), images, mask, 8);
        Assert.Equal(0, perfect.Found.sum().item<float>());
        Assert.Equal(means.Mean.data<float>().ToArray(), means.Found.data<float>().ToArray());
        Assert.Equal(1, (means.Mean.sum() / means.Pixels.sum()).item<float>(), 0.02); // deviation 1 in each patch
    }

    [Fact]
    public void Grey_level_and_contrast_of_a_patch_do_not_change_its_target()
    {
        using var scope = NewDisposeScope();
        var images = randn(1, 1, 32, 48);
        var other = (images * Scalars.Of(7.0)).Plus(2);
        Assert.True(
            (ReconstructionLoss.Target(images, 8) - ReconstructionLoss.Target(other, 8)).abs().max().item<float>()
                < 0.03);
    }

    [Theory]
    [InlineData(96, 64)]
    [InlineData(50, 38)] // no multiple of the decoder's stride
    public void What_is_filled_in_has_the_images_size(int width, int height)
    {
        using var scope = NewDisposeScope();
        using var model = (MaskedAutoencoder)
            ModelCatalogue.Create(new() { Architecture = "pretrain-densenet-mini", Channels = 3 });
        Assert.Equal([2, 1, height, width], model.forward(randn(2, 3, height, width)).shape);
    }
}

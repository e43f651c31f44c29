using Marrow.Computing.Cpu;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Modules;

internal static class Layers
{
    /// <summary>Without bias, same size but for the stride, kaiming normal as torchvision's DenseNet.</summary>
    public static Conv2d Convolution(int input, int output, int kernel, int stride = 1)
    {
        var conv = Conv2d(input, output, kernel, stride, kernel / 2, bias: false);
        init.kaiming_normal_(conv.weight!);
        return conv;
    }

    /// <summary>
    /// norm(x). The module's own forward counts its batches by a number that may be freed while libtorch reads it
    /// (<see cref="Computing.Scalars"/>). What follows may overwrite it: batch norm's backward pass needs its input
    /// alone.
    /// </summary>
    public static Tensor Norm(Tensor x, BatchNorm2d norm)
    {
        var share = norm.training ? BatchCount.Next(norm) : 0;
        return functional.batch_norm(
            x, norm.running_mean, norm.running_var, norm.weight, norm.bias, norm.training, share, norm.eps);
    }

    /// <summary>max(0, norm(x)).</summary>
    public static Tensor NormRelu(Tensor x, BatchNorm2d norm)
    {
        using var scope = NewDisposeScope();
        return Norm(x, norm).relu_().MoveToOuterDisposeScope();
    }

    /// <summary>TorchSharp leaves the weights of a new GroupNorm as the memory was.</summary>
    public static GroupNorm Groups(int groups, int channels)
    {
        var norm = GroupNorm(groups, channels);
        init.ones_(norm.weight!);
        init.zeros_(norm.bias!);
        return norm;
    }
}

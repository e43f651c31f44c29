using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Computing;

/// <summary>
/// How a model computes on this machine: bfloat16 autocast and channels-last memory where the processor gains from
/// them, float32 otherwise. Channels-last is a matter of strides alone: [N, C, H, W] in shape, NHWC in memory.
/// </summary>
public sealed record Compute(bool BFloat16, bool ChannelsLast)
{
    public static readonly Compute Float32 = new(false, false);

    /// <param name="channelsLast">Null: where the processor gains from it.</param>
    public static Compute Choose(Precision precision = Precision.Auto, bool? channelsLast = null)
    {
        var bf16 = precision == Precision.Bf16 || (precision == Precision.Auto && HasBFloat16Instructions());
        if (bf16 && !Autocast.IsAvailable)
        {
            if (precision == Precision.Bf16)
                throw new MarrowException(ErrorKind.Unsupported, "precision: bf16: this libtorch does not export autocast for the CPU. Use precision: f32 or auto.");
            bf16 = false;
        }
        return new(bf16, channelsLast ?? bf16);
    }

    /// <summary>AVX-512 BF16 (CPUID leaf 7.1, EAX bit 5) or AMX-BF16 (leaf 7.0, EDX bit 22), of use with AVX-512 switched on.</summary>
    public static bool HasBFloat16Instructions()
    {
        if (!X86Base.IsSupported || !Avx512F.IsSupported)
            return false;
        var amx = (X86Base.CpuId(7, 0).Edx >> 22 & 1) != 0;
        var avx512 = (X86Base.CpuId(7, 1).Eax >> 5 & 1) != 0;
        return amx || avx512;
    }

    /// <summary>Lays the model's 4-D weights out for this way of computing, in place.</summary>
    public void Arrange(Module model)
    {
        if (!ChannelsLast)
            return;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        foreach (var (_, parameter) in model.named_parameters())
        {
            if (parameter.dim() == 4)
                parameter.set_(ToChannelsLast(parameter));
        }
    }

    /// <summary>
    /// As <see cref="Arrange(Module)"/>, for a model that will not learn any more: the weights of convolutions and
    /// linear layers are held in bfloat16, which autocast would otherwise make of them anew in each call. What the
    /// model gives is the same to the bit.
    /// </summary>
    public void ArrangeForInference(Module model)
    {
        if (BFloat16)
        {
            foreach (var module in model.modules().Where(m => m is TorchSharp.Modules.Conv2d or TorchSharp.Modules.Linear))
                module.to(bfloat16);
        }
        Arrange(model);
    }

    /// <summary>The same images, laid out for this way of computing; the caller owns the result.</summary>
    public Tensor Arrange(Tensor images) => ChannelsLast ? ToChannelsLast(images) : images.alias();

    /// <summary>Runs a forward pass in this precision; what it returns may be bfloat16.</summary>
    public T Forward<T>(Func<T> forward)
    {
        using var region = Autocast.Enter(BFloat16);
        return forward();
    }

    public override string ToString() => $"{(BFloat16 ? "bf16" : "f32")}{(ChannelsLast ? " channels-last" : "")}";

    private static Tensor ToChannelsLast(Tensor x)
    {
        using var scope = NewDisposeScope();
        var last = x.permute(0, 2, 3, 1).contiguous();
        // Strides in full: those of a single channel count for nothing, but libtorch chooses its convolutions by them.
        var (height, width, channels) = (last.shape[1], last.shape[2], last.shape[3]);
        return last.as_strided(x.shape, [height * width * channels, 1, width * channels, channels]).MoveToOuterDisposeScope();
    }
}

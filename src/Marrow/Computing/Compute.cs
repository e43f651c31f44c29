using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Computing;

/// <summary>
/// How and where a model computes: on which device, with bfloat16 autocast and channels-last memory where that device
/// gains from them, in float32 otherwise. Channels-last is a matter of strides alone: [N, C, H, W] in shape, NHWC in
/// memory. Models and batches are made on the processor, and come to the device by <see cref="Arrange(Module)"/> and
/// <see cref="Arrange(Tensor)"/>; all that is computed from them is made where they are.
/// </summary>
internal sealed record Compute(bool BFloat16, bool ChannelsLast, ComputeDevice Device = default)
{
    public static readonly Compute Float32 = new(false, false);

    /// <summary>Throws <see cref="MarrowException"/> where the device that is asked for can't be used.</summary>
    /// <param name="channelsLast">Null: where the device gains from it.</param>
    /// <param name="device">By default the first CUDA device that computes, else the processor.</param>
    public static Compute Choose(
        Precision precision = Precision.Auto,
        bool? channelsLast = null,
        DeviceChoice device = default)
    {
        var taken = device.Take();
        var bf16 = precision == Precision.Bf16 || (precision == Precision.Auto && taken.GainsFromBFloat16);
        if (bf16 && !Autocast.IsAvailable)
        {
            if (precision == Precision.Bf16)
                throw new MarrowException(
                    ErrorKind.Unsupported,
                    "precision: bf16: this libtorch does not export autocast. Use precision: f32 or auto.");
            bf16 = false;
        }
        if (!taken.IsCpu)
            KeepFloat32Whole();
        return new(bf16, channelsLast ?? bf16, taken);
    }

    /// <summary>
    /// AVX-512 BF16 (CPUID leaf 7.1, EAX bit 5) or AMX-BF16 (leaf 7.0, EDX bit 22), of use with AVX-512 switched on.
    /// </summary>
    public static bool HasBFloat16Instructions()
    {
        if (!X86Base.IsSupported || !Avx512F.IsSupported)
            return false;
        var amx = (X86Base.CpuId(7, 0).Edx >> 22 & 1) != 0;
        var avx512 = (X86Base.CpuId(7, 1).Eax >> 5 & 1) != 0;
        return amx || avx512;
    }

    /// <summary>
    /// Brings the model to the device and lays its 4-D weights out for this way of computing, in place. On another
    /// device than the processor its parameters are other objects afterwards: whoever holds them asks for them after
    /// this.
    /// </summary>
    public void Arrange(Module model)
    {
        if (!Device.IsCpu)
            model.to(Device.Torch);
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
        if (Device.IsCpu)
            KeptMemory.Ask();
        if (BFloat16)
        {
            foreach (
                var module in model.modules().Where(m => m is TorchSharp.Modules.Conv2d or TorchSharp.Modules.Linear))
                module.to(bfloat16);
        }
        Arrange(model);
    }

    /// <summary>Brings a model back to the processor, where it is saved and compared with its golden sample.</summary>
    public void Release(Module model)
    {
        if (!Device.IsCpu)
            model.to(CPU);
    }

    /// <summary>
    /// The same images on the device, laid out for this way of computing; the caller owns the result.
    /// </summary>
    public Tensor Arrange(Tensor images)
    {
        if (Device.IsCpu)
            return ChannelsLast ? ToChannelsLast(images) : images.alias();
        using var scope = NewDisposeScope();
        var moved = images.to(Device.Torch);
        return (ChannelsLast ? ToChannelsLast(moved) : moved.alias()).MoveToOuterDisposeScope();
    }

    /// <summary>Runs a forward pass in this precision; what it returns may be bfloat16.</summary>
    public T Forward<T>(Func<T> forward)
    {
        using var region = Autocast.Enter(BFloat16, Device.Type);
        return forward();
    }

    /// <summary>"bf16 channels-last", and where it is not the processor the device: "f32 on cuda:0".</summary>
    public override string ToString() =>
        $"{(BFloat16 ? "bf16" : "f32")}{(ChannelsLast ? " channels-last" : "")}{(Device.IsCpu ? "" : $" on {Device}")}";

    /// <summary>Without this, convolutions in float32 keep 10 bits of their operands on an NVIDIA GPU (TF32).</summary>
    private static void KeepFloat32Whole()
    {
        backends.cudnn.allow_tf32 = false;
        backends.cuda.matmul.allow_tf32 = false;
    }

    private static Tensor ToChannelsLast(Tensor x)
    {
        using var scope = NewDisposeScope();
        var last = x.permute(0, 2, 3, 1).contiguous();
        // Strides in full: those of a single channel count for nothing, but libtorch chooses its convolutions by them.
        var (height, width, channels) = (last.shape[1], last.shape[2], last.shape[3]);
        return last.as_strided(x.shape, [height * width * channels, 1, width * channels, channels])
            .MoveToOuterDisposeScope();
    }
}

// Numbers of any kind straight from the image: age, a density, an angle. Data flow: image [N, C, H, W] -> backbone
// features -> mean over the image -> linear layer -> times the deviation, plus the mean, of the training part's labels.
// Those two are buffers, stored with the weights: the last layer learns numbers near 1 whatever the unit, and what
// comes out is in the user's unit.

using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Numbers;

/// <summary>Maps images [N, C, H, W] to numbers in their own units, [N, outputs] in float32.</summary>
internal sealed class NumberRegressor : KeyedModule<Tensor, Tensor>
{
    private readonly Linear _numbers;

    /// <param name="backbone">The backbone, which the model owns from then on.</param>
    public NumberRegressor(Backbone backbone, int outputs) : base(nameof(NumberRegressor))
    {
        Features = backbone;
        _numbers = Linear(Features.OutputChannels, outputs);
        init.zeros_(_numbers.bias);
        register_module("features", Features);
        register_module("numbers", _numbers);
        register_buffer("mean", zeros(outputs, device: CPU));
        register_buffer("deviation", ones(outputs, device: CPU));
    }

    public Backbone Features { get; }

    /// <summary>The numbers, [outputs] and above 0, for which one unit of the last layer stands.</summary>
    public Tensor Deviation => get_buffer("deviation")!;

    /// <summary>The numbers, [outputs], for which the value 0 of the last layer stands.</summary>
    public Tensor Mean => get_buffer("mean")!;

    /// <summary>Sets the scale of the outputs. Call it before training.</summary>
    /// <param name="mean">The mean of each output's labels, [outputs].</param>
    /// <param name="deviation">The standard deviation of each output's labels, [outputs] and above 0.</param>
    public void Normalize(IReadOnlyList<double> mean, IReadOnlyList<double> deviation)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        Mean.copy_(tensor(mean.Select(v => (float)v).ToArray(), device: Mean.device));
        Deviation.copy_(tensor(deviation.Select(v => (float)v).ToArray(), device: Deviation.device));
    }

    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Numbers(Features.forward(images)).MoveToOuterDisposeScope();
    }

    /// <summary>Maps the backbone's last map [N, F, H/32, W/32] to numbers, [N, outputs] in float32.</summary>
    public Tensor Numbers(Tensor features)
    {
        using var scope = NewDisposeScope();
        var units = _numbers.forward(features.mean([2, 3])).to(ScalarType.Float32);
        return (units * Deviation).Plus(Mean).MoveToOuterDisposeScope();
    }
}

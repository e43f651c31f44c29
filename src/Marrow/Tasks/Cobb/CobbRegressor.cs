// Cobb angles straight from the image, on the CNN of the detector. Data flow: image [N, C, H, W] -> backbone features
// [N, F, h, w] -> 1x1 to few channels -> in each row of cells a softmax says where the spine is; the row is described
// by the features there and by where "there" is -> a fixed number of rows from top to bottom -> hidden layer -> angles.
// Averaging over the whole image, as a classifier does, would lose the order of the rows, and with it the curve.

using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Computing.Cpu;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Cobb;

/// <summary>Maps images [N, C, H, W] to angles in degrees, [N, outputs].</summary>
internal sealed class CobbRegressor : KeyedModule<Tensor, Tensor>
{
    /// <summary>
    /// The number of degrees for which one unit of the last layer stands. It keeps the layer's numbers near 1, which
    /// suits its weights and usual learning rates.
    /// </summary>
    public const double DegreesPerUnit = 20; // the mean over the three angles of SpineWeb 16 is 27

    internal const int Rows = 16;   // about one a vertebra
    private const int Channels = 64;
    private const int Hidden = 128;

    private readonly Conv2d _reduce;
    private readonly GroupNorm _norm;
    private readonly Conv2d _attention;
    private readonly Linear _hidden, _angles;

    /// <param name="backbone">The backbone, which the model owns from then on.</param>
    public CobbRegressor(Backbone backbone, int outputs) : base(nameof(CobbRegressor))
    {
        Features = backbone;
        _reduce = Layers.Convolution(Features.OutputChannels, Channels, kernel: 1);
        _norm = Layers.Groups(8, Channels);
        _attention = Conv2d(Channels, 1, 1);
        _hidden = Linear((Channels + 1) * Rows, Hidden);
        _angles = Linear(Hidden, outputs);
        init.zeros_(_attention.weight!); // at first every cell of a row counts alike
        init.zeros_(_attention.bias!);
        init.ones_(_angles.bias!); // DegreesPerUnit degrees
        register_module("features", Features);
        register_module("reduce", _reduce);
        register_module("norm", _norm);
        register_module("attention", _attention);
        register_module("hidden", _hidden);
        register_module("angles", _angles);
    }

    public Backbone Features { get; }

    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Angles(Features.forward(images)).MoveToOuterDisposeScope();
    }

    /// <summary>Maps the backbone's last map [N, F, h, w] to angles in degrees, [N, outputs].</summary>
    public Tensor Angles(Tensor features)
    {
        using var scope = NewDisposeScope();
        // [N, 64, h, w]
        var x = functional.relu(_norm.forward(_reduce.Convolve(features)), inplace: true);
        var where = softmax(_attention.ConvolveWhole(x).to(ScalarType.Float32), 3); // [N, 1, h, w]
        var column = linspace(-1, 1, x.shape[3], ScalarType.Float32, x.device);
        var position = (where * column).sum(3); // [N, 1, h]: -1 at the left edge, 1 at the right
        var rows = cat([(x.to(ScalarType.Float32) * where).sum(3), position], 1); // [N, 65, h]
        rows = functional.adaptive_avg_pool1d(rows, Rows).flatten(1).to(x.dtype); // [N, 65 * 16]
        var hidden = functional.relu(_hidden.forward(rows));
        return (_angles.forward(hidden).to(ScalarType.Float32) * Scalars.Of(DegreesPerUnit)).MoveToOuterDisposeScope();
    }
}

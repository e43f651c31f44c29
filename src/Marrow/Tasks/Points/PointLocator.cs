// K named points straight from the image, as heatmaps that are read by a soft-argmax (Nibali et al., "Numerical
// Coordinate Regression with Convolutional Neural Networks", 2018): few parameters of its own, so that few labels are
// enough, and places finer than a cell. Data flow: image [N, C, H, W] -> backbone C2..C5 -> pyramid, its finest level
// alone (stride 4) -> two convolutions -> a heatmap a point -> softmax over the cells -> mean place near the peak.

using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Computing.Cpu;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Points;

/// <summary>
/// Maps images [N, C, H, W] to points [N, K, 3]: x and y in input pixels, and the share of the heatmap near that place
/// (0 to 1).
/// </summary>
internal sealed class PointLocator : KeyedModule<Tensor, Tensor>
{
    internal const int FirstLevel = 2; // stride 4
    private const int Channels = 64;

    /// <summary>
    /// The distance from the peak, in cells, up to which the heatmap counts. Beyond three cells lies the response to
    /// another structure, not this one's blur.
    /// </summary>
    internal const float ReachCells = 3.5f;

    private readonly FeaturePyramid _pyramid;
    private readonly Chain _tower;
    private readonly Conv2d _heatmaps;

    /// <param name="backbone">The backbone, which the model owns from then on.</param>
    public PointLocator(Backbone backbone, int points) : base(nameof(PointLocator))
    {
        Features = backbone;
        _pyramid = new FeaturePyramid(Features.PyramidChannels(FirstLevel), Channels, levels: 1);
        _tower = new Chain(
            Layers.Convolution(Channels, Channels, kernel: 3),
            Layers.Groups(8, Channels),
            ReLU(inplace: true));
        _heatmaps = Conv2d(Channels, points, 1);
        init.normal_(_heatmaps.weight!, std: 0.01); // at first every cell counts alike
        init.zeros_(_heatmaps.bias!);
        register_module("features", Features);
        register_module("fpn", _pyramid);
        register_module("tower", _tower);
        register_module("heatmaps", _heatmaps);
    }

    public Backbone Features { get; }

    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        return Decode(Heatmaps(images), images.shape[3], images.shape[2]).MoveToOuterDisposeScope();
    }

    /// <summary>Returns the logits of the heatmaps, [N, K, H/4, W/4].</summary>
    public Tensor Heatmaps(Tensor images)
    {
        using var scope = NewDisposeScope();
        var finest = _pyramid.forward(Features.ForwardPyramid(images, FirstLevel))[0];
        return _heatmaps.ConvolveWhole(_tower.forward(finest)).MoveToOuterDisposeScope();
    }

    /// <summary>
    /// Maps logits [N, K, h, w] to points [N, K, 3] in float32: the mean place within <see cref="ReachCells"/> of the
    /// highest cell, and the probability within that distance. A second, lower peak elsewhere does not affect the
    /// place.
    /// </summary>
    internal static Tensor Decode(Tensor logits, long width, long height)
    {
        using var scope = NewDisposeScope();
        var (n, k) = (logits.shape[0], logits.shape[1]);
        var (x, y) = Cells(logits, width, height);
        var probability = logits.to(ScalarType.Float32).flatten(2).softmax(2); // [N, K, h*w]
        var peak = probability.argmax(2).flatten();
        var near = Near(x, (double)width / logits.shape[3]).logical_and(Near(y, (double)height / logits.shape[2]));
        var kept = probability * near.to(ScalarType.Float32);
        var mass = kept.sum(2);
        return stack([Mean(x), Mean(y), mass], 2).MoveToOuterDisposeScope();

        Tensor Near(Tensor places, double cell) =>
            // [N, K, h*w]
            (places - places.index_select(0, peak).view(n, k, 1)).abs().le(Scalars.Of(ReachCells * cell));

        Tensor Mean(Tensor places) => (kept * places).sum(2) / mass;
    }

    /// <summary>
    /// Returns the centres of the cells in input pixels: x and y, [h*w] each, in the order of a flattened heatmap.
    /// </summary>
    internal static (Tensor X, Tensor Y) Cells(Tensor heatmaps, long width, long height)
    {
        using var scope = NewDisposeScope();
        var (rows, columns) = (heatmaps.shape[2], heatmaps.shape[3]);
        var x = Centers(columns, width).unsqueeze(0).expand(rows, columns).flatten();
        var y = Centers(rows, height).unsqueeze(1).expand(rows, columns).flatten();
        return (x.MoveToOuterDisposeScope(), y.MoveToOuterDisposeScope());

        Tensor Centers(long cells, long pixels) =>
            linspace(0.5 * pixels / cells, pixels - 0.5 * pixels / cells, cells, ScalarType.Float32, heatmaps.device);
    }
}

// RetinaNet (Lin et al., "Focal Loss for Dense Object Detection", ICCV 2017) with one head more, for the corners of
// each detection. N images, R anchors (all cells of all levels), K classes. Data flow: image [N, C, H, W] -> backbone
// C3..C5
// -> pyramid P3.. -> heads -> for each anchor K logits, 4 box deltas (BoxCoder), 8 corner offsets (CornerCoder). The
// backbone is a copy of a classifier's features: a warm start renames "features." to "backbone.body.".

using Marrow.Backbones;
using Marrow.Computing;
using Marrow.Computing.Cpu;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks;

/// <summary>The detector's output for each anchor. Disposing it frees the tensors.</summary>
/// <param name="ClassLogits">The class logits, [N, R, K].</param>
/// <param name="BoxDeltas">The box deltas, [N, R, 4]; see <see cref="BoxCoder"/>.</param>
/// <param name="CornerOffsets">
/// The corner offsets, [N, R, 8]; see <see cref="CornerCoder"/>. Null without a corner head.
/// </param>
/// <param name="Anchors">The R anchors.</param>
internal sealed record DetectorOutput(Tensor ClassLogits, Tensor BoxDeltas, Tensor? CornerOffsets, AnchorGrid Anchors)
    : IDisposable
{
    public void Dispose()
    {
        ClassLogits.Dispose();
        BoxDeltas.Dispose();
        CornerOffsets?.Dispose();
    }
}

/// <summary>Maps images [N, C, H, W] to a <see cref="DetectorOutput"/>.</summary>
internal sealed class RetinaNet : KeyedModule<Tensor, DetectorOutput>
{
    /// <summary>The prefix of the backbone's keys, which is also torchvision's.</summary>
    internal const string BackbonePrefix = "backbone.body.";

    private readonly Levels _levels;
    private readonly Heads _heads;
    private AnchorGrid? _anchors;

    /// <summary>
    /// Creates the model. Throws <see cref="MarrowException"/> when <paramref name="spec"/> is impossible.
    /// </summary>
    /// <param name="backbone">The backbone, which the model owns from then on unless the constructor throws.</param>
    public RetinaNet(Backbone backbone, DetectorSpec spec) : base(nameof(RetinaNet))
    {
        Check(spec);
        Spec = spec;
        _levels = new Levels(backbone, spec);
        _heads = new Heads(spec);
        register_module("backbone", _levels);
        register_module("head", _heads);
    }

    public DetectorSpec Spec { get; }

    public override DetectorOutput forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var levels = _levels.forward(images);
        var (classes, boxes, corners) = _heads.forward(levels);
        var (height, width) = ((int)images.shape[2], (int)images.shape[3]);
        if (_anchors is not { } anchors || anchors.InputWidth != width || anchors.InputHeight != height)
            _anchors = anchors = new AnchorGrid(
                Spec,
                width,
                height,
                [.. levels.Select(level => ((int)level.shape[2], (int)level.shape[3]))]);
        return new(
            classes.MoveToOuterDisposeScope(),
            boxes.MoveToOuterDisposeScope(),
            corners?.MoveToOuterDisposeScope(),
            anchors);
    }

    /// <summary>
    /// Returns a lower bound of the number of elements in the heads; see <see cref="TaskDescriptor.LeastElements"/>.
    /// </summary>
    internal static long LeastElements(DetectorSpec spec)
    {
        const int kernel = 3 * 3;
        long width = spec.PyramidChannels, anchors = AnchorGrid.AnchorsPerCell(spec);
        var heads = spec.Corners > 0 ? 3 : 2;
        var towers = heads * spec.HeadConvolutions * width * width * kernel;
        return towers + anchors * (spec.Classes + BoxCoder.Length + spec.Corners * 2L) * width * kernel;
    }

    private static void Check(DetectorSpec spec)
    {
        static void Demand(bool holds, string expected, object found)
        {
            if (!holds)
                throw new MarrowException(
                    string.Create(
                        System.Globalization.CultureInfo.InvariantCulture,
                        $"Detector: expected {expected}, found {found}."));
        }
        Demand(spec.Classes >= 1, "1 class or more", spec.Classes);
        Demand(spec.PyramidChannels >= 1, "1 pyramid channel or more", spec.PyramidChannels);
        Demand(spec.HeadConvolutions >= 0, "0 head convolutions or more", spec.HeadConvolutions);
        Demand(spec.Corners is 0 or 4, "0 or 4 corners", spec.Corners);
        Demand(spec.FirstPyramidLevel is 2 or 3, "2 or 3 as the first pyramid level", spec.FirstPyramidLevel);
        Demand(spec.AnchorSizes.Count >= 1 && spec.FirstPyramidLevel + spec.AnchorSizes.Count <= 8,
            $"1 to {8 - spec.FirstPyramidLevel} anchor sizes, one a level up to P7", $"{spec.AnchorSizes.Count}");
        Demand(
            spec.AnchorScales.Count >= 1 && spec.AnchorRatios.Count >= 1,
            "an anchor scale and an anchor ratio",
            "none");
        foreach (var value in spec.AnchorSizes.Concat(spec.AnchorScales).Concat(spec.AnchorRatios))
            Demand(double.IsFinite(value) && value > 0, "anchor sizes, scales and ratios above 0", value);
    }

    /// <summary>The modules "body" and "fpn", which map images to the levels P of the pyramid.</summary>
    private sealed class Levels : KeyedModule<Tensor, Tensor[]>
    {
        private readonly Backbone _body;
        private readonly FeaturePyramid _pyramid;
        private readonly int _firstLevel;

        public Levels(Backbone body, DetectorSpec spec) : base(nameof(Levels))
        {
            _firstLevel = spec.FirstPyramidLevel;
            _body = body;
            _pyramid = new FeaturePyramid(
                body.PyramidChannels(_firstLevel), spec.PyramidChannels, spec.AnchorSizes.Count);
            register_module("body", _body);
            register_module("fpn", _pyramid);
        }

        public override Tensor[] forward(Tensor images)
        {
            using var scope = NewDisposeScope();
            var levels = _pyramid.forward(_body.ForwardPyramid(images, _firstLevel));
            foreach (var level in levels)
                level.MoveToOuterDisposeScope();
            return levels;
        }
    }

    private sealed class Heads : KeyedModule<Tensor[], (Tensor Classes, Tensor Boxes, Tensor? Corners)>
    {
        private readonly Head _classes, _boxes;
        private readonly Head? _corners;

        public Heads(DetectorSpec spec) : base(nameof(Heads))
        {
            // RetinaNet, section 4.1: at the start an anchor is foreground with this probability
            const double prior = 0.01;
            _classes = new Head("cls_logits", spec, spec.Classes, -Math.Log((1 - prior) / prior));
            _boxes = new Head("bbox_reg", spec, 4, 0);
            register_module("classification_head", _classes);
            register_module("regression_head", _boxes);
            if (spec.Corners == 0)
                return;
            _corners = new Head("corner_reg", spec, spec.Corners * 2, 0);
            register_module("corner_head", _corners);
        }

        public override (Tensor Classes, Tensor Boxes, Tensor? Corners) forward(Tensor[] levels) =>
            (_classes.forward(levels), _boxes.forward(levels), _corners?.forward(levels));
    }

    /// <summary>A head of convolutions that all levels share, with one number or several for each anchor.</summary>
    private sealed class Head : KeyedModule<Tensor[], Tensor>
    {
        private readonly Chain _tower;
        private readonly Conv2d _output;
        private readonly int _numbers;

        public Head(string outputKey, DetectorSpec spec, int numbers, double bias) : base(nameof(Head))
        {
            _numbers = numbers;
            _tower = new Chain([.. Enumerable.Range(0, spec.HeadConvolutions).Select(_ => HeadLayer(spec))]);
            _output = HeadConvolution(spec.PyramidChannels, numbers * AnchorGrid.AnchorsPerCell(spec));
            init.constant_(_output.bias!, Scalars.Of(bias));
            register_module("conv", _tower);
            register_module(outputKey, _output);
        }

        public override Tensor forward(Tensor[] levels)
        {
            using var scope = NewDisposeScope();
            var results = new List<Tensor>();
            foreach (var level in levels)
            {
                var x = _output.ConvolveWhole(_tower.forward(level));
                // [N, A*numbers, H, W] -> [N, H*W*A, numbers]; a view where channels are last in memory
                results.Add(x.permute(0, 2, 3, 1).reshape(x.shape[0], -1, _numbers));
            }
            return (results.Count == 1 ? results[0] : cat(results, 1)).MoveToOuterDisposeScope();
        }

        private static Module<Tensor, Tensor> HeadLayer(DetectorSpec spec)
        {
            var width = spec.PyramidChannels;
            var conv = HeadConvolution(width, width, bias: !spec.HeadGroupNorm);
            if (!spec.HeadGroupNorm)
                return new Chain(conv, ReLU(inplace: true));
            var groups = 32; // torchvision's
            while (groups > 1 && (width % groups != 0 || width / groups < 4))
                groups /= 2;
            return new Chain(conv, Layers.Groups(groups, width), ReLU(inplace: true));
        }

        private static Conv2d HeadConvolution(int input, int output, bool bias = true)
        {
            var conv = Conv2d(input, output, 3, padding: 1, bias: bias);
            init.normal_(conv.weight!, std: 0.01);
            if (bias)
                init.zeros_(conv.bias!);
            return conv;
        }
    }
}

// A decoder on the CNN of the classifier: which class each pixel is of. Data flow: image [N, C, H, W] -> backbone maps
// C1 to C5 (strides 2 to 32) -> from the top down: the coarser result, narrowed and enlarged, plus the 1x1 convolution
// of the level's own map (the skip connection) -> 3x3 - group norm - ReLU -> ... -> stride 2 -> 1x1 to one logit a
// class -> enlarged to [H, W] between the pixels. Finer levels are narrower (U-Net, Ronneberger et al. 2015): they have
// most of the pixels. Sums instead of concatenations (Lin et al., feature pyramids, 2017) halve the work of the 3x3s.
// Group norm, because batches are small.
//
// Keys: "features." as torchvision's; "decoder.{5..1}.skip.weight", ".narrow.weight" (not of 5), ".conv.weight" (not of
// 5), ".norm.weight" and ".bias"; "logits.weight" and ".bias".

using Marrow.Backbones;
using Marrow.Computing.Cpu;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Masks;

/// <summary>
/// Maps images [N, C, H, W] to float32 logits [N, outputs, H, W]. With one output a sigmoid gives the foreground; with
/// several a softmax gives the classes, of which the first is the background.
/// </summary>
internal sealed class SegmentationNet : KeyedModule<Tensor, Tensor>
{
    /// <summary>The numbers of channels at C1 to C5.</summary>
    private static readonly int[] Widths = [32, 32, 64, 64, 64];

    private readonly DecoderLevel[] _levels; // C1 to C5
    private readonly Conv2d _logits;

    /// <param name="backbone">The backbone, which the model owns from then on.</param>
    public SegmentationNet(Backbone backbone, int outputs) : base(nameof(SegmentationNet))
    {
        Features = backbone;
        register_module("features", Features);
        var maps = Features.PyramidChannels(firstLevel: 1);
        _levels = new DecoderLevel[maps.Count];
        for (var i = maps.Count - 1; i >= 0; i--)
            _levels[i] = new DecoderLevel(maps[i], i == maps.Count - 1 ? null : Widths[i + 1], Widths[i]);
        register_module("decoder",
            new ModuleFolder(_levels.Select((level, i) => ($"{i + 1}", (Module)level)).Reverse()));
        _logits = Conv2d(Widths[0], outputs, 1);
        init.zeros_(_logits.bias!);
        register_module("logits", _logits);
    }

    public Backbone Features { get; }

    /// <summary>
    /// Returns the number of logits that a model needs: one for a single class, otherwise one for each class and one
    /// for the background.
    /// </summary>
    public static int OutputsFor(int maskClasses) => maskClasses == 1 ? 1 : maskClasses + 1;

    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var maps = Features.ForwardPyramid(images, firstLevel: 1);
        Tensor? x = null;
        for (var i = maps.Length - 1; i >= 0; i--)
            x = _levels[i].Forward(maps[i], x);
        var logits = _logits.ConvolveWhole(x!).to(ScalarType.Float32); // [N, outputs, H/2, W/2]
        return functional
            .interpolate(
                logits,
                [images.shape[2], images.shape[3]],
                mode: InterpolationMode.Bilinear,
                align_corners: false)
            .MoveToOuterDisposeScope();
    }
}

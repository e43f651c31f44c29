// A masked autoencoder on a convolutional backbone (the idea: Pathak et al., "Context Encoders", CVPR 2016; masking by
// patches: He et al., "Masked Autoencoders Are Scalable Vision Learners", CVPR 2022; on a CNN with a hierarchical
// decoder:
// Tian et al., "SparK", ICLR 2023). Data flow: image with hidden patches [N, C, H, W] -> backbone C2..C5 -> pyramid,
// from the top down, to stride 4 -> 4 x 4 pixels of each cell -> [N, 1, H, W]. The decoder is light and takes nothing
// from the stem, so that what it needs must be learnt by the backbone; it is thrown away after pretraining.

using Marrow.Backbones;
using Marrow.Modules;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Pretrain;

/// <summary>Says how much of an image is hidden in pretraining, and in pieces of which size.</summary>
internal sealed record MaskingSpec
{
    /// <summary>The share of the patches that are hidden, 0.1 to 0.9. He et al. 2022 hide 0.75, SparK 0.6.</summary>
    public double Share { get; init; } = 0.6;

    /// <summary>The side of a patch in input pixels, 4 to 128. It must divide the input's width and height.</summary>
    public int PatchPixels { get; init; } = 16;

    /// <summary>Returns the number of hidden patches of an image: at least one, and never all of them.</summary>
    internal int Hidden(int patches) => Math.Clamp((int)Math.Round(Share * patches), 1, patches - 1);

    /// <summary>
    /// Returns a description of what is expected when images of this size can't be divided into such patches; null when
    /// they can.
    /// </summary>
    internal string? Error(int inputWidth, int inputHeight) =>
        inputWidth % PatchPixels == 0
        && inputHeight % PatchPixels == 0
        && inputWidth * inputHeight >= 2 * PatchPixels * PatchPixels
            ? null
            : $"a patch that divides the input's {inputWidth} x {inputHeight} px into two or more";
}

/// <summary>Maps images [N, C, H, W] to pixels [N, 1, H, W], in units of each patch's own standard deviation.</summary>
internal sealed class MaskedAutoencoder : KeyedModule<Tensor, Tensor>
{
    private const int Width = 64; // of the decoder
    private const int FirstLevel = 2;

    private readonly Backbone _features;
    private readonly FeaturePyramid _decoder;
    private readonly GroupNorm _norm;
    private readonly Conv2d _pixels;
    private readonly int _stride; // of C2: 4

    /// <param name="backbone">The backbone, which the model owns from then on.</param>
    public MaskedAutoencoder(Backbone backbone) : base(nameof(MaskedAutoencoder))
    {
        _features = backbone;
        _stride = backbone.Levels[FirstLevel - 1].Stride;
        _decoder = new FeaturePyramid(backbone.PyramidChannels(FirstLevel), Width, levels: 1);
        _norm = Layers.Groups(8, Width);
        _pixels = FeaturePyramid.PyramidConvolution(Width, _stride * _stride, 3);
        register_module("features", _features);
        register_module("decoder", _decoder);
        register_module("norm", _norm);
        register_module("pixels", _pixels);
    }

    public override Tensor forward(Tensor images)
    {
        using var scope = NewDisposeScope();
        var p2 = _decoder.forward(_features.ForwardPyramid(images, FirstLevel))[0]; // [N, 64, H/4, W/4]
        var cells = _pixels.forward(functional.relu(_norm.forward(p2), inplace: true)); // [N, 16, H/4, W/4]
        var whole = functional.pixel_shuffle(cells, _stride); // a little larger where 4 does not divide a side
        return whole.narrow(2, 0, images.shape[2]).narrow(3, 0, images.shape[3]).MoveToOuterDisposeScope();
    }
}

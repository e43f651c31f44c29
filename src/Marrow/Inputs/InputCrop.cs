using System.Globalization;
using System.Text.Json.Serialization;

namespace Marrow.Inputs;

/// <summary>The parts of an image at which a model can look.</summary>
internal enum CropRegion
{
    /// <summary>The whole spine, which gives one crop for each image.</summary>
    Spine,

    /// <summary>Each single vertebra, turned upright.</summary>
    Vertebra,

    /// <summary>The surroundings of each named point.</summary>
    Point,
}

/// <summary>
/// The part of an input contract that says where in the image the model looks: at what another checkpoint found. It
/// belongs to the weights as the rest does: with another first look the crops are others than they learnt from.
/// </summary>
internal sealed class InputCrop
{
    [JsonConstructor]
    internal InputCrop(CropRegion region, double margin, string detector, string digest, double? side = null) =>
        (Region, Margin, Detector, Digest, Side) = (region, margin, detector, digest, side);

    [JsonInclude] internal CropRegion Region { get; }

    /// <summary>
    /// The margin that is added on each side of the box, as a share of its width and height; 0 for the surroundings of
    /// a point, which has no box.
    /// </summary>
    [JsonInclude] internal double Margin { get; }

    /// <summary>The name of the checkpoint that looks first.</summary>
    [JsonInclude] internal string Detector { get; }

    /// <summary>The digest of the checkpoint that looks first, "sha256:...".</summary>
    [JsonInclude] internal string Digest { get; }

    /// <summary>
    /// The side of the square about a point, as a share of the image's longer side; null for other regions.
    /// </summary>
    [JsonInclude] internal double? Side { get; }

    internal const double MaxMargin = 2;
    internal const double MinSide = 0.01, MaxSide = 1;

    /// <summary>Describes the crop in words, such as "the spine as NAME sees it, with a margin of 0.1".</summary>
    internal string Describe() => Region switch
    {
        CropRegion.Spine => Inv($"the spine as {Detector} sees it, with a margin of {Margin:0.###}"),
        CropRegion.Vertebra =>
            Inv($"each vertebra, turned upright, as {Detector} sees it, with a margin of {Margin:0.###}"),
        _ => Inv(
            $"a square about each point that {Detector} finds, of {Side:0.###} of the image's longer side"),
    };

    private static string Inv(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

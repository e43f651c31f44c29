using System.Globalization;
using System.Text.Json.Serialization;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Inputs;

/// <summary>The parts of an image at which a model can look.</summary>
internal enum CropRegion
{
    /// <summary>The whole spine, which gives one crop for each image.</summary>
    Spine,

    /// <summary>Each single vertebra, turned upright.</summary>
    Vertebra,
}

/// <summary>
/// The part of an input contract that says where in the image the model looks: at what a detector found. It belongs to
/// the weights as the rest does: with another detector the crops are others than they learnt from.
/// </summary>
internal sealed class InputCrop
{
    [JsonConstructor]
    internal InputCrop(CropRegion region, double margin, string detector, string digest) =>
        (Region, Margin, Detector, Digest) = (region, margin, detector, digest);

    [JsonInclude] internal CropRegion Region { get; }

    /// <summary>The margin that is added on each side of the box, as a share of its width and height.</summary>
    [JsonInclude] internal double Margin { get; }

    /// <summary>The name of the detector's checkpoint.</summary>
    [JsonInclude] internal string Detector { get; }

    /// <summary>The digest of the detector's checkpoint, "sha256:...".</summary>
    [JsonInclude] internal string Digest { get; }

    internal const double MaxMargin = 2;

    /// <summary>Describes the crop in words, such as "the spine as NAME sees it, with a margin of 0.1".</summary>
    internal string Describe() =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{(Region == CropRegion.Spine ? "the spine" : "each vertebra, turned upright,")} as {Detector} sees it, "
                + $"with a margin of {Margin:0.###}"
        );

    /// <summary>
    /// The crop of a spine, or one for each vertebra. Where the detector saw nothing usable, the spine's is the whole
    /// image, and there is none for the vertebrae.
    /// </summary>
    internal IReadOnlyList<ImageCrop> Crops(DetectedSpine spine) => (Region, spine.IsUsable) switch
    {
        (CropRegion.Spine, false) => [ImageCrop.Whole(spine.Width, spine.Height)],
        (CropRegion.Spine, true) => [spine.SpineCrop(Margin)],
        (_, false) => [],
        _ => [.. Enumerable.Range(0, spine.Vertebrae.Count).Select(n => spine.VertebraCrop(n, Margin))],
    };
}

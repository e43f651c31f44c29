using System.Globalization;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tasks;

/// <summary>
/// Samples of whole images -> samples of crops on them, by what a detector saw. A spine's crop keeps the image's
/// targets. Each vertebra's crop is a sample of its own, of the same patient, whose targets are four points.
/// </summary>
internal static class CroppedSamples
{
    /// <summary>The points of a vertebra's crop, in the order of <see cref="Vertebra"/>.</summary>
    public static readonly IReadOnlyList<string> CornerNames = ["top-left", "top-right", "bottom-left", "bottom-right"];

    private static readonly int[] MirroredCorners = [1, 0, 3, 2];
    private const double Reach = 0.5; // of a vertebra's height: beyond is its neighbour

    /// <summary>What the crops of these samples have as targets.</summary>
    public static Dataset Describe(Dataset dataset, CropRegion region) => region == CropRegion.Spine
        ? dataset
        : dataset with { Classes = [], NumberNames = [], PointNames = CornerNames };

    /// <summary>Samples that an image becomes, at most.</summary>
    public static int Crops(CropRegion? region) => region == CropRegion.Vertebra ? Vertebra.Count : 1;

    /// <summary>Whether a sample has what the task learns from, before it is cropped.</summary>
    public static bool IsLabelled(Sample sample, string task, CropRegion? region) =>
        region == CropRegion.Vertebra ? sample.Vertebrae.Count > 0 : LabelledSamples.IsLabelled(sample, task);

    /// <summary>In the order of the samples; of each image's vertebrae from top to bottom.</summary>
    /// <param name="spines">By sample id.</param>
    public static IReadOnlyList<Sample> Of(
        IReadOnlyList<Sample> samples,
        InputCrop crop,
        IReadOnlyDictionary<string, DetectedSpine> spines
    ) => [.. samples.SelectMany(sample => Of(sample, crop, spines[sample.Id]))];

    private static IEnumerable<Sample> Of(Sample sample, InputCrop crop, DetectedSpine spine)
    {
        var crops = crop.Crops(spine);
        if (crop.Region == CropRegion.Spine)
            return crops.Select(crop => sample with { Crop = crop });
        return crops.Select((crop, n) => Nearest(sample.Vertebrae, crop.Center) is not { } vertebra ? null : sample with
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{sample.Id}#{n + 1}"),
            Crop = crop,
            Vertebrae = [],
            CobbDegrees = [],
            Points = [vertebra.TopLeft, vertebra.TopRight, vertebra.BottomLeft, vertebra.BottomRight],
            MirroredPoints = MirroredCorners,
        }).OfType<Sample>();
    }

    /// <summary>
    /// The vertebra in the crop's middle: a detector may have missed one and count from there on one too far, and what
    /// a crop teaches is the corners of what it shows. Null where it shows none.
    /// </summary>
    private static Vertebra? Nearest(IReadOnlyList<Vertebra> vertebrae, Point2D center)
    {
        if (vertebrae.Count == 0)
            return null;
        var nearest = vertebrae.MinBy(v => v.Center.DistanceTo(center));
        return nearest.Center.DistanceTo(center) <= Reach * nearest.UpperMidpoint.DistanceTo(nearest.LowerMidpoint)
            ? nearest
            : null;
    }
}

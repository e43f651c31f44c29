using System.Globalization;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tasks;

/// <summary>
/// Turns samples of whole images into samples of crops, by what a detector saw. The crop of a spine keeps the image's
/// targets. The crop of a vertebra becomes a sample of its own, of the same patient, whose targets are four points.
/// </summary>
internal static class CroppedSamples
{
    /// <summary>The names of the four points in a vertebra's crop, in the order of <see cref="Vertebra"/>.</summary>
    public static readonly IReadOnlyList<string> CornerNames = ["top-left", "top-right", "bottom-left", "bottom-right"];

    private static readonly int[] MirroredCorners = [1, 0, 3, 2];
    private const double Reach = 0.5; // of a vertebra's height: beyond is its neighbour

    /// <summary>Describes the targets of the crops of a data set's samples.</summary>
    public static Dataset Describe(Dataset dataset, CropRegion region) => region == CropRegion.Spine
        ? dataset
        : dataset with { Classes = [], NumberNames = [], PointNames = CornerNames };

    /// <summary>Returns the largest number of samples that one image becomes.</summary>
    public static int Crops(CropRegion? region) => region == CropRegion.Vertebra ? Vertebra.Count : 1;

    /// <summary>Returns true when a sample, before it is cropped, has the labels from which the task learns.</summary>
    public static bool IsLabelled(Sample sample, string task, CropRegion? region) =>
        region == CropRegion.Vertebra ? sample.Vertebrae.Count > 0 : LabelledSamples.IsLabelled(sample, task);

    /// <summary>
    /// Returns the crops in the order of the samples; those of one image's vertebrae are ordered from top to bottom.
    /// </summary>
    /// <param name="spines">The detected spines by sample id.</param>
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
    /// Returns the labelled vertebra in the middle of a crop; null when there is none. It is found by position and not
    /// by number, since a detector that missed a vertebra gives wrong numbers to all that follow.
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

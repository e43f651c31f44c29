using System.Globalization;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tasks.Crops;

/// <summary>
/// A crop for each vertebra, turned until it stands upright; none where no vertebra was seen. Each is a sample of its
/// own, of the same patient, whose targets are the four corners of the vertebra in its middle.
/// </summary>
internal sealed class VertebraCrops : CropKind
{
    private static readonly int[] MirroredCorners = [1, 0, 3, 2];
    private const double Reach = 0.5; // of a vertebra's height: beyond is its neighbour

    public override CropRegion Region => CropRegion.Vertebra;
    public override string Found => "vertebrae";

    public override IReadOnlyList<ImageCrop?> Crops(InputCrop crop, FirstLook found) => found.IsUsable
        ? [.. ((DetectedSpine)found).Vertebrae.Select((_, n) => ((DetectedSpine)found).VertebraCrop(n, crop.Margin))]
        : [];

    public override Dataset Describe(Dataset dataset) =>
        dataset with { Classes = [], NumberNames = [], PointNames = CroppedSamples.CornerNames };

    public override int MostOf(Dataset dataset) => Vertebra.Count;

    public override bool IsLabelled(Sample sample, string task) => sample.Vertebrae.Count > 0;

    /// <summary>Ordered from top to bottom, without those in whose middle no vertebra is labelled.</summary>
    public override IEnumerable<Sample> Samples(Sample sample, InputCrop crop, FirstLook found, CropUse use)
    {
        foreach (var (n, part) in Crops(crop, found).OfType<ImageCrop>().Index())
        {
            if (Nearest(sample.Vertebrae, part.Center) is { } vertebra)
                yield return sample with
                {
                    Id = string.Create(CultureInfo.InvariantCulture, $"{sample.Id}#{n + 1}"),
                    Crop = part,
                    Vertebrae = [],
                    CobbDegrees = [],
                    Points = [vertebra.TopLeft, vertebra.TopRight, vertebra.BottomLeft, vertebra.BottomRight],
                    MirroredPoints = MirroredCorners,
                };
        }
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

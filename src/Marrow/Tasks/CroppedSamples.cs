using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;
using Marrow.Tasks.Crops;

namespace Marrow.Tasks;

/// <summary>
/// Turns samples of whole images into samples of crops, by what a first look found; <see cref="CropKind"/> says of each
/// region what they are.
/// </summary>
internal static class CroppedSamples
{
    /// <summary>The names of the four points in a vertebra's crop, in the order of <see cref="Vertebra"/>.</summary>
    public static readonly IReadOnlyList<string> CornerNames = ["top-left", "top-right", "bottom-left", "bottom-right"];

    /// <summary>Describes the targets of the crops of a data set's samples.</summary>
    public static Dataset Describe(Dataset dataset, CropRegion region) => CropKind.Of(region).Describe(dataset);

    /// <summary>Returns the largest number of samples that one image of a data set becomes.</summary>
    /// <param name="region">Null for whole images.</param>
    public static int MostOf(Dataset dataset, CropRegion? region) =>
        region is { } part ? CropKind.Of(part).MostOf(dataset) : 1;

    /// <summary>Returns true when a sample, before it is cropped, has the labels from which the task learns.</summary>
    /// <param name="region">Null for whole images.</param>
    public static bool IsLabelled(Sample sample, string task, CropRegion? region) => region is { } part
        ? CropKind.Of(part).IsLabelled(sample, task)
        : LabelledSamples.IsLabelled(sample, task);

    /// <summary>
    /// Returns the crops in the order of the samples; those of one image are in the order of what was found on it.
    /// </summary>
    /// <param name="found">What the first look found, by sample id.</param>
    public static IReadOnlyList<Sample> Of(
        IReadOnlyList<Sample> samples,
        InputCrop crop,
        IReadOnlyDictionary<string, FirstLook> found,
        CropUse use = CropUse.Measuring
    ) => [.. samples.SelectMany(sample => CropKind.Of(crop.Region).Samples(sample, crop, found[sample.Id], use))];
}

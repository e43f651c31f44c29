using Marrow.Datasets;
using Marrow.Spine;
using Marrow.Tensors;

namespace Marrow.Training;

/// <summary>Samples of whole images -> samples of windows on them, by what a detector saw.</summary>
internal static class CroppedSamples
{
    /// <summary>
    /// Each sample with its spine's window. Patients, targets and order stay; ids too.
    /// </summary>
    public static IReadOnlyList<Sample> Of(IReadOnlyList<Sample> samples, InputCrop crop, IReadOnlyDictionary<string, DetectedSpine> spines) =>
        [.. samples.SelectMany(sample => Of(sample, crop, spines[sample.Id]))];

    private static IEnumerable<Sample> Of(Sample sample, InputCrop crop, DetectedSpine spine) =>
        crop.Windows(spine).Select(window => sample with { Window = window });
}

using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;

namespace Marrow.Tasks.Crops;

/// <summary>
/// One upright crop an image, the box around all vertebrae; the whole image where none was seen. It keeps the image's
/// targets.
/// </summary>
internal sealed class SpineCrops : CropKind
{
    public override CropRegion Region => CropRegion.Spine;
    public override string Found => "vertebrae";
    public override string WithoutAny => "of which all is shown";
    public override bool StandsForImage => true;

    public override IReadOnlyList<ImageCrop?> Crops(InputCrop crop, FirstLook found) =>
        [found.IsUsable ? ((DetectedSpine)found).SpineCrop(crop.Margin) : ImageCrop.Whole(found.Width, found.Height)];

    public override IEnumerable<Sample> Samples(Sample sample, InputCrop crop, FirstLook found, CropUse use) =>
        Crops(crop, found).Select(part => sample with { Crop = part });
}

using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Inputs;
using Marrow.Spine;
using Marrow.Tasks.Crops;
using Marrow.Tasks.Points;
using static TorchSharp.torch;

namespace Marrow.Prediction;

/// <summary>
/// Refines each vertebra by a high-resolution second look: it cuts a crop around it from the full-size radiograph,
/// turns it upright, finds the four corners on the crop and on its mirror image, and averages them with the detector's
/// own corners.
/// </summary>
/// <param name="fast">True to look at the crops alone and not at their mirror images.</param>
internal sealed class VertebraRefiner(PointsTask task, Compute compute, bool fast = false)
{
    public InputContract Input => task.Input;

    /// <summary>
    /// Returns the refined vertebrae. One whose refined corners form no vertebra, or another one, stays as it was.
    /// </summary>
    /// <param name="looks">Is given what the crops and their mirror images show; null to keep nothing.</param>
    public IReadOnlyList<Vertebra> Refine(Radiograph radiograph, DetectedSpine spine, SpineLooks? looks = null)
    {
        ImageCrop[] crops = [.. CropKind.Of(Input.Crop!.Region).Crops(Input.Crop, spine).OfType<ImageCrop>()];
        if (crops.Length == 0)
            return spine.Vertebrae;
        using var scope = NewDisposeScope();
        PackedImage[] seen = [.. crops.Select(crop => Preprocessor.Prepare(radiograph, Input, crop))];
        var images = Preprocessor.ToTensor(seen, Input); // [17, C, H, W]
        var found = task.PointsOf(compute.Arrange(images), compute);
        var mirrored = fast ? null : task.PointsOf(compute.Arrange(images.flip(3)), compute);
        looks?.Begin();
        return [.. spine.Vertebrae.Select((before, n) =>
        {
            var toFilm = seen[n].ToInput.Invert();
            var refined = Of(found[n]).Transform(toFilm);
            looks?.Add(0, n, refined);
            if (mirrored is not null)
            {
                var turned = Of(mirrored[n]).Transform(new AffineTransform(-1, 0, Input.Width, 0, 1, 0).Then(toFilm));
                looks?.Add(1, n, turned);
                refined = Vertebra.Mix(refined, turned, 0.5);
            }
            return task.Decoding.Refinement.Mix(before, refined);
        })];
    }

    private static Vertebra Of((Point2D Place, double Score)[] corners) =>
        new(corners[0].Place, corners[1].Place, corners[2].Place, corners[3].Place);
}

// A detector errs least on vertebrae that stand upright: tilted ones are rare among its films, and it draws them
// towards the usual. So each part of a spine is looked at again through a crop turned by the tilt that the first look
// saw. The crop shows less of the film, so that the second look has its own errors; a mean of both has the least. Data
// flow: spine of the first look -> for each few vertebrae a crop, their mean tilt upright -> detector -> corners back
// -> each vertebra becomes a mean of itself and the detection that stands where it was seen.

using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Spine;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Vertebrae;

internal static class SecondLook
{
    private const int CoarsestStride = 32; // of the detector: a crop's height is so many pixels or a multiple

    /// <param name="image">A normalised image, [1, C, H, W].</param>
    /// <param name="toInput">
    /// The transform from original pixels to the image's pixels. Tilts are measured in original pixels, since an input
    /// may be stretched.
    /// </param>
    /// <param name="black">For each channel the normalised value of what lies outside the image, [C].</param>
    /// <param name="look">
    /// Maps crops [N, C, h, w] to what the detector sees on them and on their mirror images. The open dispose scope
    /// disposes its result.
    /// </param>
    /// <param name="kept">Is given what the crops and their mirror images show; null to keep nothing.</param>
    /// <returns>The refined spine, or the same spine when nothing was seen again.</returns>
    public static SpinePrediction Refine(SpinePrediction spine, Tensor image, AffineTransform toInput,
        IReadOnlyList<double> black, VertebraeDecoding decoding,
        Func<Tensor, (DetectorOutput Output, DetectorOutput Mirrored)> look, KeptViews? kept = null)
    {
        using var scope = NewDisposeScope();
        var (width, height) = ((int)image.shape[3], (int)image.shape[2]);
        var (fromCrop, cropHeight) = CropsOf(spine, toInput, width, height, decoding.SecondLook);
        var (output, mirrored) = look(Cut(image, fromCrop, cropHeight, black));
        var second = decoding.SecondLook;
        kept?.Begin();
        for (var w = 0; w < fromCrop.Length; w++)
            kept?.Add(output, mirrored, w, fromCrop[w], First(w, second), First(w + 1, second));
        return Combine(spine, toInput, fromCrop, second,
            w => SpineDecoder.Detect(output, w, decoding, mirrored));
    }

    /// <summary>
    /// Returns for each crop the transform from its pixels to input pixels, and the common height of all crops. They
    /// are as wide as the input.
    /// </summary>
    internal static (AffineTransform[] FromCrop, int Height) CropsOf(SpinePrediction spine, AffineTransform toInput,
        int width, int height, SecondLookDecoding decoding)
    {
        var strides = (int)Math.Ceiling(height * decoding.HeightShare / CoarsestStride);
        var cropHeight = Math.Min(height, strides * CoarsestStride);
        var toOriginal = toInput.Invert();
        Vertebra[] seen = [.. spine.Vertebrae.Select(v => v.Transform(toOriginal))];
        var fromCrop = new AffineTransform[decoding.Crops];
        for (var w = 0; w < fromCrop.Length; w++)
            fromCrop[w] = Crop(seen, First(w, decoding), First(w + 1, decoding), toInput, width, cropHeight);
        return (fromCrop, cropHeight);
    }

    /// <param name="look">What the detector sees in a crop, in the crop's pixels.</param>
    internal static SpinePrediction Combine(SpinePrediction spine, AffineTransform toInput,
        AffineTransform[] fromCrop, SecondLookDecoding decoding, Func<int, IReadOnlyList<Detection>> look)
    {
        var toOriginal = toInput.Invert();
        Vertebra[] seen = [.. spine.Vertebrae.Select(v => v.Transform(toOriginal))];
        var vertebrae = spine.Vertebrae.ToArray();
        var scores = spine.Scores.ToArray();
        var filled = spine.Filled.ToArray();
        for (var w = 0; w < fromCrop.Length; w++)
        {
            var back = fromCrop[w].Then(toOriginal);
            Detection[] detections = [.. look(w)
                .Where(d => d.Score >= decoding.LeastScore)
                .Select(d => d with { Vertebra = d.Vertebra.Transform(back) })];
            for (var n = First(w, decoding); n < First(w + 1, decoding); n++)
            {
                if (Best(detections, seen[n], decoding) is not { } best)
                    continue;
                var again = best.Vertebra.Transform(toInput);
                vertebrae[n] = filled[n] ? again : Vertebra.Mix(vertebrae[n], again, decoding.Share);
                (scores[n], filled[n]) = (Math.Max(scores[n], best.Score), false);
            }
        }
        return spine with { Vertebrae = vertebrae, Scores = scores, Filled = filled, FirstLook = spine };
    }

    /// <summary>
    /// Returns the detection with the highest score that stands where a vertebra was seen; null when there is none. All
    /// are in original pixels.
    /// </summary>
    internal static Detection? Best(
        IEnumerable<Detection> detections, in Vertebra seen, SecondLookDecoding decoding)
    {
        var center = seen.Center;
        var reach = decoding.MostMoveHeights * seen.UpperMidpoint.DistanceTo(seen.LowerMidpoint);
        var near = detections.Where(d => d.Vertebra.Center.DistanceTo(center) < reach).ToList();
        return near.Count == 0 ? null : near.MaxBy(d => d.Score);
    }

    /// <summary>Returns the index of the first vertebra of a crop.</summary>
    private static int First(int crop, SecondLookDecoding decoding) => crop * Vertebra.Count / decoding.Crops;

    /// <summary>
    /// Returns the transform from a crop's pixels to input pixels. The crop has the input's own scale, its centre is
    /// that of these vertebrae, and it is turned by their mean tilt.
    /// </summary>
    private static AffineTransform Crop(
        Vertebra[] original,
        int first,
        int end,
        AffineTransform toInput,
        int width,
        int height)
    {
        var own = original[first..end];
        // steadier than the few alone
        var around = original[Math.Max(first - 1, 0)..Math.Min(end + 1, original.Length)];
        var tilt = around.Average(v => Math.Atan2(v.Axis.Y, v.Axis.X));
        var scale = toInput with { C = 0, F = 0 };
        return AffineTransform.Translate(-width / 2.0, -height / 2.0)
            .Then(scale.Invert())
            .Then(AffineTransform.Rotate(tilt))
            .Then(AffineTransform.Translate(own.Average(v => v.Center.X), own.Average(v => v.Center.Y)))
            .Then(toInput);
    }

    /// <summary>Cuts an image [1, C, H, W] into crops [crops, C, h, W], with bilinear interpolation.</summary>
    private static Tensor Cut(Tensor image, AffineTransform[] fromCrop, int cropHeight, IReadOnlyList<double> black)
    {
        using var scope = NewDisposeScope();
        var (channels, height, width) = (image.shape[1], image.shape[2], image.shape[3]);
        // grid_sample counts from -1 at the outer edge of the first pixel to 1 at that of the last.
        var fromUnit = AffineTransform.Translate(1, 1).Then(AffineTransform.Scale(width / 2.0, cropHeight / 2.0));
        var toUnit = AffineTransform.Scale(2.0 / width, 2.0 / height).Then(AffineTransform.Translate(-1, -1));
        var theta = fromCrop.Select(t => fromUnit.Then(t).Then(toUnit))
            .SelectMany(t => new[] { (float)t.A, (float)t.B, (float)t.C, (float)t.D, (float)t.E, (float)t.F })
            .ToArray();
        var grid = functional.affine_grid(
            tensor(theta, [fromCrop.Length, 2, 3], device: image.device),
            [fromCrop.Length, channels, cropHeight, width]);
        // The padding is 0, so black is made 0 for the cut.
        float[] values = [.. black.Select(b => (float)b)];
        var blacks = tensor(values, [1, channels, 1, 1], dtype: image.dtype, device: image.device);
        var many = image.Plus(blacks.neg()).expand(fromCrop.Length, -1, -1, -1);
        var cut = functional.grid_sample(many, grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, false);
        return cut.Plus(blacks).MoveToOuterDisposeScope();
    }
}

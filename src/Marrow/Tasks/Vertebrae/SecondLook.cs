// A detector errs least on vertebrae that stand upright: tilted ones are rare among its films, and it draws them towards
// the usual. So each part of a spine is looked at again in a crop turned by the tilt that the first look saw. The
// crop shows less of the film, so that the second look has its own errors; a mean of both has the least.
// Data flow: spine of the first look -> for each few vertebrae a crop, their mean tilt upright -> detector -> corners
// back -> each vertebra becomes a mean of itself and the detection that stands where it was seen.

using Marrow.Computing;
using Marrow.Imaging;
using Marrow.Spine;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Tasks.Vertebrae;

internal static class SecondLook
{
    private const int Crops = 9;              // of 1 or 2 vertebrae: the tilt changes little within one
    private const double HeightShare = 0.5;     // of the input's height: the vertebrae and two or so on either side
    private const int CoarsestStride = 32;
    private const float LowestScore = 0.1f;
    private const double SecondShare = 2.0 / 3; // on the validation films of recipes/spine.yaml the tilts err least with it
    private const double MostMove = 0.5;        // of a vertebra's height: beyond is its neighbour

    /// <param name="image">[1, C, H, W], normalised.</param>
    /// <param name="toInput">Original pixels to the image's. Tilts are those of original pixels: inputs may be stretched.</param>
    /// <param name="black">[C]: the normalised value, of each channel, of what lies outside the image.</param>
    /// <param name="look">Crops [N, C, h, w] -> what the detector sees on them and on their mirror images; the open scope disposes it.</param>
    /// <returns>The same spine where nothing was seen again.</returns>
    public static SpinePrediction Refine(SpinePrediction spine, Tensor image, AffineTransform toInput,
        IReadOnlyList<double> black, Func<Tensor, (DetectorOutput Output, DetectorOutput Mirrored)> look)
    {
        using var scope = NewDisposeScope();
        var (width, height) = ((int)image.shape[3], (int)image.shape[2]);
        var cropHeight = Math.Min(height, (int)Math.Ceiling(height * HeightShare / CoarsestStride) * CoarsestStride);
        var toOriginal = toInput.Invert();
        Vertebra[] seen = [.. spine.Vertebrae.Select(v => v.Transform(toOriginal))];
        var fromCrop = new AffineTransform[Crops];
        for (var w = 0; w < Crops; w++)
            fromCrop[w] = Crop(seen, First(w), First(w + 1), toInput, width, cropHeight);

        var (output, mirrored) = look(Cut(image, fromCrop, cropHeight, black));
        var vertebrae = spine.Vertebrae.ToArray();
        var scores = spine.Scores.ToArray();
        var filled = spine.Filled.ToArray();
        for (var w = 0; w < Crops; w++)
        {
            var back = fromCrop[w].Then(toOriginal);
            Detection[] detections = [.. SpineDecoder.Detect(output, w, mirrored)
                .Where(d => d.Score >= LowestScore).Select(d => d with { Vertebra = d.Vertebra.Transform(back) })];
            for (var n = First(w); n < First(w + 1); n++)
            {
                var (center, reach) = (seen[n].Center, MostMove * seen[n].UpperMidpoint.DistanceTo(seen[n].LowerMidpoint));
                var near = detections.Where(d => d.Vertebra.Center.DistanceTo(center) < reach).ToList();
                if (near.Count == 0)
                    continue;
                var best = near.MaxBy(d => d.Score);
                var again = best.Vertebra.Transform(toInput);
                vertebrae[n] = filled[n] ? again : Mix(vertebrae[n], again, SecondShare);
                (scores[n], filled[n]) = (Math.Max(scores[n], best.Score), false);
            }
        }
        return spine with { Vertebrae = vertebrae, Scores = scores, Filled = filled, FirstLook = spine };
    }

    /// <summary>Corner by corner; <paramref name="share"/> is the second's.</summary>
    internal static Vertebra Mix(in Vertebra first, in Vertebra second, double share)
    {
        return new(Corner(first.TopLeft, second.TopLeft), Corner(first.TopRight, second.TopRight),
            Corner(first.BottomLeft, second.BottomLeft), Corner(first.BottomRight, second.BottomRight));

        Point2D Corner(Point2D a, Point2D b) => a * (1 - share) + b * share;
    }

    /// <summary>The first vertebra of a crop.</summary>
    private static int First(int crop) => crop * Vertebra.Count / Crops;

    /// <summary>
    /// Crop pixels to input pixels: at the input's own scale, about the middle of these vertebrae, turned by their mean
    /// tilt.
    /// </summary>
    private static AffineTransform Crop(Vertebra[] original, int first, int end, AffineTransform toInput, int width, int height)
    {
        var own = original[first..end];
        var around = original[Math.Max(first - 1, 0)..Math.Min(end + 1, original.Length)]; // steadier than the few alone
        var tilt = around.Average(v => Math.Atan2(v.Axis.Y, v.Axis.X));
        var scale = toInput with { C = 0, F = 0 };
        return AffineTransform.Translate(-width / 2.0, -height / 2.0)
            .Then(scale.Invert())
            .Then(AffineTransform.Rotate(tilt))
            .Then(AffineTransform.Translate(own.Average(v => v.Center.X), own.Average(v => v.Center.Y)))
            .Then(toInput);
    }

    /// <summary>[1, C, H, W] -> [crops, C, h, W], bilinear.</summary>
    private static Tensor Cut(Tensor image, AffineTransform[] fromCrop, int cropHeight, IReadOnlyList<double> black)
    {
        using var scope = NewDisposeScope();
        var (channels, height, width) = (image.shape[1], image.shape[2], image.shape[3]);
        // grid_sample counts from -1 at the outer edge of the first pixel to 1 at that of the last.
        var fromUnit = AffineTransform.Translate(1, 1).Then(AffineTransform.Scale(width / 2.0, cropHeight / 2.0));
        var toUnit = AffineTransform.Scale(2.0 / width, 2.0 / height).Then(AffineTransform.Translate(-1, -1));
        var theta = fromCrop.Select(t => fromUnit.Then(t).Then(toUnit))
            .SelectMany(t => new[] { (float)t.A, (float)t.B, (float)t.C, (float)t.D, (float)t.E, (float)t.F }).ToArray();
        var grid = functional.affine_grid(tensor(theta, [fromCrop.Length, 2, 3], device: image.device), [fromCrop.Length, channels, cropHeight, width]);
        // The padding is 0, so black is made 0 for the cut.
        float[] values = [.. black.Select(b => (float)b)];
        var blacks = tensor(values, [1, channels, 1, 1], dtype: image.dtype, device: image.device);
        var many = image.Plus(blacks.neg()).expand(fromCrop.Length, -1, -1, -1);
        var cut = functional.grid_sample(many, grid, GridSampleMode.Bilinear, GridSamplePaddingMode.Zeros, false);
        return cut.Plus(blacks).MoveToOuterDisposeScope();
    }
}

using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks.Vertebrae;

/// <summary>
/// Tells <see cref="SpineLooks"/> what the detector sees on images and on their mirror images, each by itself: the
/// decoder itself takes both together, and what they differ by is lost in its mean. A vertebra is the detection that
/// stands where the first look placed it.
/// </summary>
/// <param name="spine">The spine of the first look, in input pixels.</param>
/// <param name="toInput">The transform from original pixels to input pixels.</param>
internal sealed class KeptViews(
    SpineLooks looks, SpinePrediction spine, AffineTransform toInput, VertebraeDecoding decoding)
{
    private readonly AffineTransform _toOriginal = toInput.Invert();

    /// <summary>Begins the next look.</summary>
    public void Begin() => looks.Begin();

    /// <summary>Adds what was seen of some of the vertebrae.</summary>
    /// <param name="image">The index of the image in both outputs.</param>
    /// <param name="toWhole">The transform from the image's pixels to input pixels.</param>
    /// <param name="first">The index of the first of these vertebrae.</param>
    /// <param name="end">The index behind the last one.</param>
    public void Add(
        DetectorOutput output, DetectorOutput mirrored, int image, AffineTransform toWhole, int first, int end)
    {
        Add(0, SpineDecoder.Detect(output, image, decoding), toWhole, first, end);
        Add(1, SpineDecoder.DetectOnMirror(mirrored, image, decoding), toWhole, first, end);
    }

    private void Add(int view, IReadOnlyList<Detection> detections, AffineTransform toWhole, int first, int end)
    {
        var back = toWhole.Then(_toOriginal);
        Detection[] seen =
        [
            .. detections
                .Where(d => d.Score >= decoding.SecondLook.LeastScore)
                .Select(d => d with { Vertebra = d.Vertebra.Transform(back) }),
        ];
        for (var n = first; n < end; n++)
        {
            if (SecondLook.Best(seen, spine.Vertebrae[n].Transform(_toOriginal), decoding.SecondLook) is { } best)
                looks.Add(view, n, best.Vertebra);
        }
    }
}

using Marrow.Inputs;

namespace Marrow.Tasks;

/// <summary>What radiographs of the whole spine have in common, whatever is learnt from them.</summary>
internal static class SpineFilm
{
    /// <summary>A spine film is about 2.8 times as high as wide (SpineWeb 16: medians 854 x 2360 px).</summary>
    public static (int Width, int Height, Fit Fit) Input => (224, 640, Fit.Letterbox);
}

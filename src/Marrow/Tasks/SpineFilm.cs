using Marrow.Inputs;

namespace Marrow.Tasks;

/// <summary>The properties that radiographs of the whole spine share, whatever is learnt from them.</summary>
internal static class SpineFilm
{
    /// <summary>
    /// The default input. A spine film is about 2.8 times as high as wide (SpineWeb 16: medians 854 x 2360 px).
    /// </summary>
    public static (int Width, int Height, Fit Fit) Input => (224, 640, Fit.Letterbox);
}

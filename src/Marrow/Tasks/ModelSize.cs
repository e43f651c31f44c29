using Marrow.Modules;

namespace Marrow.Tasks;

/// <summary>
/// How many numbers the parts of a model have at least whose size a config chooses. It is held against a file of weights
/// before anything is built: a config of a few bytes can name a model that no memory holds.
/// </summary>
internal static class ModelSize
{
    private const int Kernel = 3 * 3; // of a head's convolutions
    private const int BoxSides = 4;

    /// <summary>
    /// A lower bound, without the backbone, which is one of the catalogue's. Never overflows for a config that was
    /// validated. 0 for a module of the user's own.
    /// </summary>
    public static long LeastElements(ModelSpec spec)
    {
        if (spec.BackbonePrefix is not null)
            return 0;
        if (spec.Detector is not { } detector || !spec.Architecture.StartsWith("retinanet-", StringComparison.Ordinal))
            return spec.Outputs;
        long width = detector.PyramidChannels, anchors = AnchorGrid.AnchorsPerCell(detector);
        var heads = detector.Corners > 0 ? 3 : 2;
        var towers = heads * detector.HeadConvolutions * width * width * Kernel;
        var outputs = anchors * (detector.Classes + BoxSides + detector.Corners * 2L) * width * Kernel;
        return towers + outputs;
    }
}

using Marrow.Spine;
using Marrow.Tasks;

namespace Marrow.Tests;

internal static class VertebraTargets
{
    /// <summary>A spine as what a detector is to find.</summary>
    public static IReadOnlyList<DetectionTarget> AsTargets(
        this IEnumerable<Vertebra> spine,
        IReadOnlyList<bool>? guessed = null
    ) => [.. spine.Select((vertebra, i) => DetectionTarget.Of(vertebra, guessed is { Count: > 0 } && guessed[i]))];
}

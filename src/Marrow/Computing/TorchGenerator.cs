using static TorchSharp.torch;

namespace Marrow.Computing;

/// <summary>
/// Building a module draws its first weights from torch's generator, of which the process has one. Who builds it only
/// to fill it with other weights gives the state back here, one thread after the other: two at once would each keep a
/// state that the other had drawn from.
/// </summary>
internal static class TorchGenerator
{
    private static readonly Lock Gate = new();

    /// <summary>What <paramref name="draw"/> returns; the generator is left as it was, also where it throws.</summary>
    public static T Kept<T>(Func<T> draw)
    {
        lock (Gate)
        {
            using var before = get_rng_state();
            try
            {
                return draw();
            }
            finally
            {
                set_rng_state(before);
            }
        }
    }
}

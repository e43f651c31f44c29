namespace Marrow.Computing;

/// <summary>
/// What Marrow knows of the machine that it runs on, for a report on it. Nothing is made or changed, and only
/// <see cref="TryLibtorch"/> loads a library.
/// </summary>
public static class Installation
{
    /// <summary>Whether the processor multiplies bfloat16: Marrow then computes in it unless told otherwise.</summary>
    public static bool HasBFloat16 => Compute.HasBFloat16Instructions();

    /// <summary>How to get a libtorch for CUDA; null where the one at hand is one.</summary>
    public static string? CudaRemedy => CudaDevices.HasLibrary() ? null : CudaDevices.Remedy;

    /// <summary>Why libtorch could not be loaded, as far as is known; null where it could, or nobody tried.</summary>
    public static string? LibtorchProblem => LibtorchLoader.Problem;

    /// <summary>
    /// The version of libtorch, in which ways a convolution is right, and how many threads compute. Throws when one
    /// gives wrong numbers, or when libtorch can't be loaded.
    /// </summary>
    public static string TryLibtorch() => LibtorchCheck.Run();

    /// <summary>The cache's folder, which need not be there yet; null where there is no place for it.</summary>
    public static string? CacheFolder => UserCache.Root();

    /// <summary>Why the cache can't be used; null where it can.</summary>
    public static string? CacheProblem =>
        UserCache.Describe().Select(folder => folder.Problem).FirstOrDefault(problem => problem is not null);

    /// <summary>What to do about a cache that can't be used.</summary>
    public static string CacheRemedy => UserCache.Remedy;
}

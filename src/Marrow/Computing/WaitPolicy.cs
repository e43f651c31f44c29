using System.Runtime.InteropServices;

namespace Marrow.Computing;

/// <summary>
/// How libtorch's threads wait for each other (libgomp manual, "GOMP_SPINCOUNT"): they ask in a loop for a moment and
/// then sleep. Without it they ask for some milliseconds, on a processor that somebody else, or the thread they wait
/// for, may need.
/// </summary>
internal static class WaitPolicy
{
    private const string Policy = "OMP_WAIT_POLICY", Spins = "GOMP_SPINCOUNT";

    // Some 20 microseconds: longer than most waits of a computation that has its processors, shorter than a turn of
    // another.
    internal const string Count = "1000";

    /// <summary>
    /// To be called before libgomp is loaded, which reads its environment once. A user's own value of either stays.
    /// </summary>
    internal static void Ask()
    {
        if (
            OperatingSystem.IsLinux()
            && RuntimeInformation.ProcessArchitecture == Architecture.X64
            && Environment.GetEnvironmentVariable(Policy) is null)
            _ = EqualSums.SetUnlessSet(Spins, Count);
    }
}

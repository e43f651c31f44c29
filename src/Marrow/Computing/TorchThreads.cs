using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Marrow.Computing;

/// <summary>A piece of work on rows that does not throw and may run on several ranges of rows at once.</summary>
internal interface IRowWork
{
    void Run(long begin, long end);
}

/// <summary>
/// What kernels written in C# need of libtorch: the memory of a tensor, and libtorch's own threads, so that they and
/// its kernels never compete for the processors. Both are functions of libtorch's C interface that report errors as a
/// number.
/// </summary>
internal static unsafe class TorchThreads
{
    private static readonly delegate* unmanaged<nint, void**, int> GetDataPointer =
        (delegate* unmanaged<nint, void**, int>)LibtorchExports.Find("aoti_torch_get_data_ptr");

    private static readonly delegate* unmanaged<
        long,
        long,
        long,
        delegate* unmanaged<long, long, Job*, void>,
        Job*,
        int> ParallelFor = (delegate* unmanaged<
        long,
        long,
        long,
        delegate* unmanaged<long, long, Job*, void>,
        Job*,
        int>)
        LibtorchExports.Find("torch_parallel_for");

    /// <summary>False where this libtorch's symbols are not found.</summary>
    public static bool IsAvailable => GetDataPointer != null && ParallelFor != null;

    /// <summary>The first element; valid while the tensor lives.</summary>
    public static void* Data(Tensor tensor)
    {
        void* data;
        if (GetDataPointer(tensor.Handle, &data) != 0)
            throw new InvalidOperationException("libtorch gives no data pointer.");
        return data;
    }

    /// <summary>
    /// Runs the work on rows 0 to <paramref name="rows"/>, in ranges of at least <paramref name="grain"/>.
    /// </summary>
    public static void For<T>(long rows, long grain, T work) where T : unmanaged, IRowWork
    {
        if (rows <= grain || get_num_threads() == 1)
        {
            work.Run(0, rows);
            return;
        }
        var job = new Job { Run = &RunRange<T>, Work = &work };
        if (ParallelFor(0, rows, grain, &OnThread, &job) != 0)
            throw new InvalidOperationException("libtorch runs no parallel work.");
    }

    [UnmanagedCallersOnly]
    private static void OnThread(long begin, long end, Job* job) => job->Run(job->Work, begin, end);

    private static void RunRange<T>(void* work, long begin, long end)
        where T : unmanaged, IRowWork => ((T*)work)->Run(begin, end);

    private struct Job
    {
        public delegate*<void*, long, long, void> Run;
        public void* Work;
    }
}

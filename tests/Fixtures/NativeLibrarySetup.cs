using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Marrow.Tests;

/// <summary>
/// A test may call torch before anything of Marrow, whose module initializer makes libtorch loadable. And tests run
/// side by side on small models: one thread of libtorch each, or they wait for one another. Those about threads set
/// their number.
/// </summary>
internal static partial class NativeLibrarySetup
{
    private const string Threads = "OMP_NUM_THREADS";

    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage(
        "Usage",
        "CA2255",
        Justification = "It must run before torch's first call."
    )]
    internal static void Initialize()
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(Threads)))
        {
            Environment.SetEnvironmentVariable(Threads, "1"); // for the processes that tests start
            if (!OperatingSystem.IsWindows())
                _ = SetEnvironment(Threads, "1", overwrite: 1); // for libtorch in this one, which asks the C library
        }
        RuntimeHelpers.RunModuleConstructor(typeof(MarrowException).Module.ModuleHandle);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}

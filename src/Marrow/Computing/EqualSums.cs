using System.Runtime.InteropServices;

namespace Marrow.Computing;

/// <summary>
/// Asks libtorch's MKL for matrix products that do not depend on where in memory their operands lie ("conditional
/// numerical reproducibility", Intel oneMKL developer guide). Without it a product may differ in last bits from one run
/// to the next, and a resumed training does not end with the weights of one that never stopped. AUTO keeps the fastest
/// kernels that MKL has for the processor; a user's own value stays.
/// </summary>
internal static partial class EqualSums
{
    private const string Variable = "MKL_CBWR";

    /// <summary>To be called before MKL's first product, at which it reads its environment.</summary>
    internal static void Ask()
    {
        if (OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64)
            _ = SetUnlessSet(Variable, "AUTO");
    }

    /// <summary>
    /// Sets a variable for native code, unless it has a value.
    /// <see cref="Environment.SetEnvironmentVariable(string, string?)"/> does not reach the C library, of which native
    /// code asks it.
    /// </summary>
    internal static int SetUnlessSet(string name, string value) => SetEnvironment(name, value, overwrite: 0);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}

using System.Runtime.CompilerServices;

namespace Marrow.Tests.Models;

/// <summary>A test may call torch before anything of Marrow, whose module initializer makes libtorch loadable.</summary>
internal static class NativeLibrarySetup
{
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "It must run before torch's first call.")]
    internal static void Initialize() =>
        RuntimeHelpers.RunModuleConstructor(typeof(MarrowException).Module.ModuleHandle);
}

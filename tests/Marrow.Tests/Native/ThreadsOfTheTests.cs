using System.Globalization;
using System.Runtime.CompilerServices;
using Marrow.Native;

namespace Marrow.Tests.Native;

/// <summary>Tests compare bits, which depend on the number of threads; it must not depend on what else the machine does.</summary>
internal static class ThreadsOfTheTests
{
    [ModuleInitializer]
    [System.Diagnostics.CodeAnalysis.SuppressMessage("Usage", "CA2255", Justification = "Before the first test, for it and the programs it starts.")]
    internal static void Initialize()
    {
        if (ProcessThreads.FromEnvironment(Environment.GetEnvironmentVariable(ProcessThreads.Variable)) is null)
            Environment.SetEnvironmentVariable(ProcessThreads.Variable, Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture));
    }
}

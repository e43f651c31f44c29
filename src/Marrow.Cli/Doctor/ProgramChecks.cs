using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

namespace Marrow.Cli.Doctor;

/// <summary>Marrow itself, .NET, the operating system and its C and C++ libraries.</summary>
internal static partial class ProgramChecks
{
    private const string Group = "Program";

    // TorchSharp's library uses nothing newer than this; Marrow's copy of it asks for no more. See ARCHITECTURE.md.
    private const int LeastGlibcxx = 30;
    private const int WantedGlibcxx = 32;
    private const int MostBytes = 64 << 20; // libstdc++ has 2 MB

    public static IEnumerable<CheckResult> All(string version)
    {
        yield return OwnVersion(version);
        yield return Runtime(Environment.Version, Sdks(RuntimeEnvironment.GetRuntimeDirectory()));
        yield return Platform(
            OperatingSystemName(),
            RuntimeInformation.OSArchitecture,
            RuntimeInformation.RuntimeIdentifier,
            GlibcVersion());
        if (OperatingSystem.IsLinux())
            yield return CppLibrary(
                LoadedLibstdcxx() is { } path ? NewestGlibcxx(InputFile.ReadAllBytes(path, MostBytes)) : null);
    }

    /// <param name="version">"0.1.0+c138982d...": after the plus stands the commit that was built.</param>
    internal static CheckResult OwnVersion(string version)
    {
        var parts = version.Split('+', 2);
        return new(
            Group,
            "Marrow",
            Verdict.Ok,
            parts.Length == 2 ? $"{parts[0]}, commit {parts[1][..Math.Min(12, parts[1].Length)]}" : parts[0]);
    }

    internal static CheckResult Runtime(Version runtime, IReadOnlyList<string> sdks)
    {
        var newest = sdks.Where(s => s.StartsWith("10.", StringComparison.Ordinal)).Max(StringComparer.Ordinal);
        return new(
            Group,
            ".NET",
            Verdict.Ok,
            $"runtime {runtime}, "
                + $"{(newest is null ? "no SDK 10 (it is needed to build Marrow, not to run it)" : $"SDK {newest}")}"
        );
    }

    internal static CheckResult Platform(string name, Architecture architecture, string rid, string? glibc)
    {
        const string supported =
            "libtorch is built for Linux x64 with glibc, Windows x64 and macOS on Apple silicon. Use one of these, or "
                + "a container of one.";
        var found = $"{name}, {architecture.ToString().ToLowerInvariant()}{(glibc is null ? "" : $", glibc {glibc}")}";
        var isSupported = (rid.Split('-')[0], architecture) switch
        {
            ("win", Architecture.X64) or ("osx", Architecture.Arm64) => true,
            ("linux", Architecture.X64) => glibc is not null,
            _ => false,
        };
        return isSupported
            ? new(Group, "system", Verdict.Ok, found)
            : new(Group, "system", Verdict.Problem, found, supported);
    }

    /// <param name="newest">
    /// N of the newest GLIBCXX_3.4.N that the C++ library has; null where there is none to ask.
    /// </param>
    internal static CheckResult CppLibrary(int? newest) =>
        newest switch
        {
            null => new(Group, "libstdc++", Verdict.Info, "not looked at: its file was not found"),
            < LeastGlibcxx => new(
                Group,
                "libstdc++",
                Verdict.Problem,
                $"GLIBCXX_3.4.{newest}, and libtorch's binding needs 3.4.{LeastGlibcxx}",
                "Use a system with GCC 12's C++ library or a newer one (Debian 12, Ubuntu 22.04, RHEL 10), or a "
                    + "container of one."
            ),
            < WantedGlibcxx => new(
                Group,
                "libstdc++",
                Verdict.Ok,
                $"GLIBCXX_3.4.{newest}; Marrow loads a mended copy of libtorch's binding, which asks for "
                    + $"3.4.{WantedGlibcxx}"
            ),
            _ => new(Group, "libstdc++", Verdict.Ok, $"GLIBCXX_3.4.{newest}; no mended copy is needed"),
        };

    internal static int? NewestGlibcxx(byte[] library)
    {
        var versions = Glibcxx().Matches(Encoding.Latin1.GetString(library));
        return versions.Count == 0
            ? null
            : versions.Max(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture));
    }

    /// <summary>
    /// The SDKs beside the runtime that runs this: DOTNET/shared/Microsoft.NETCore.App/VERSION/ -> DOTNET/sdk/VERSION.
    /// </summary>
    internal static IReadOnlyList<string> Sdks(string runtimeFolder)
    {
        var folder = Path.GetFullPath(Path.Combine(runtimeFolder, "..", "..", "..", "sdk"));
        return Directory.Exists(folder)
            ? [.. Directory.GetDirectories(folder).Select(path => Path.GetFileName(path))]
            : [];
    }

    private static string OperatingSystemName()
    {
        var line = ProcFiles
            .Read("/etc/os-release")
            .Split('\n')
            .FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
        return line is null ? RuntimeInformation.OSDescription : line["PRETTY_NAME=".Length..].Trim('"');
    }

    private static string? LoadedLibstdcxx() =>
        NativeLibrary.TryLoad("libstdc++.so.6", out _)
        && ProcFiles
            .Read("/proc/self/maps")
            .Split('\n')
            .FirstOrDefault(line => line.Contains("libstdc++.so", StringComparison.Ordinal))
            is { } mapped
            ? mapped[mapped.IndexOf('/', StringComparison.Ordinal)..] : null;

    private static string? GlibcVersion()
    {
        if (!OperatingSystem.IsLinux())
            return null;
        try
        {
            return Marshal.PtrToStringUTF8(GetGlibcVersion());
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return null; // musl has no such function.
        }
    }

    [GeneratedRegex(@"GLIBCXX_3\.4\.(\d{1,3})\0")]
    private static partial Regex Glibcxx();

    [LibraryImport("libc", EntryPoint = "gnu_get_libc_version")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint GetGlibcVersion();
}

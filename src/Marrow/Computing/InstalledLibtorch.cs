using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Marrow.Computing;

/// <summary>
/// The libtorch of an installed PyTorch, named by the environment variable MARROW_LIBTORCH, for a Marrow that was built
/// without one (-p:Libtorch=none). Its libraries are loaded when TorchSharp is first used, so that those of the same
/// names are not looked for elsewhere. A version that TorchSharp was not compiled against is refused: it would fail at
/// some symbol, or at none and compute something else.
/// </summary>
internal static partial class InstalledLibtorch
{
    public const string Variable = "MARROW_LIBTORCH";

    /// <summary>libtorch's version that goes with this TorchSharp, by whose own word a test checks it.</summary>
    public const string WantedVersion = "2.10.0";

    private const string MainLibrary = "libtorch_cpu.so";
    private const int MostVersionBytes = 1 << 16;

    /// <summary>Each of them needs those before it; the ones for CUDA are there in a PyTorch for CUDA alone.</summary>
    private static readonly (string Name, bool IsOptional)[] Libraries =
    [
        ("libc10.so", false),
        ("libc10_cuda.so", true),
        (MainLibrary, false),
        ("libtorch_cuda.so", true),
        ("libtorch.so", false),
    ];

    /// <summary>Null where the user names none.</summary>
    public static string? Folder =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } folder ? folder : null;

    /// <summary>To be called once, before TorchSharp is used. Loads nothing yet.</summary>
    public static void Prepare()
    {
        if (Folder is not { } folder)
            return;
        if (AppDomain.CurrentDomain.GetAssemblies().Any(assembly => IsTorchSharp(assembly.GetName().Name)))
            LoadOnce(folder);
        else
            AppDomain.CurrentDomain.AssemblyLoad += OnAssembly;

        void OnAssembly(object? sender, AssemblyLoadEventArgs e)
        {
            if (IsTorchSharp(e.LoadedAssembly.GetName().Name))
                LoadOnce(folder);
        }
    }

    /// <summary>
    /// Throws <see cref="MarrowException"/> when the user named a libtorch that can't be the one in use.
    /// </summary>
    public static void RequireUsable()
    {
        if (Folder is not null && LibtorchLoader.Problem is { } problem)
            throw new MarrowException(problem);
    }

    /// <summary>Throws <see cref="MarrowException"/> that says why the folder's libraries can't be taken.</summary>
    /// <param name="own">The libtorch beside the program; null where there is none.</param>
    internal static void Check(string folder, string? own)
    {
        if (!OperatingSystem.IsLinux() || RuntimeInformation.ProcessArchitecture != Architecture.X64)
            throw Bad(
                "Linux on x64",
                RuntimeInformation.RuntimeIdentifier,
                "Unset it, and build with -p:Libtorch=cuda.");
        var missing = Libraries
            .Where(l => !l.IsOptional && !File.Exists(Path.Combine(folder, l.Name)))
            .Select(l => l.Name);
        if (missing.FirstOrDefault() is { } library)
        {
            throw Bad($"the folder 'lib' of an installed PyTorch, with {library}", "no such file there",
                "This prints it: python3 -c \"import torch; print(torch.__path__[0] + '/lib')\".");
        }
        if (VersionOf(folder) is not { } version)
        {
            throw Bad("a PyTorch that tells its version, in version.py or build-version beside the folder", "neither",
                "Name the folder where it was installed.");
        }
        if (version.Split('+')[0] != WantedVersion)
        {
            throw Bad($"PyTorch {WantedVersion}, for which TorchSharp was built", version,
                $"Install that one, as by: pip install torch=={WantedVersion}.");
        }
        if (own is not null)
        {
            throw Bad("a Marrow without a libtorch of its own", own,
                $"Build it with -p:Libtorch=none, or unset {Variable}.");
        }

        MarrowException Bad(string expected, string found, string remedy) =>
            MarrowException.Bad($"{Variable}={folder}", expected, found, remedy);
    }

    /// <summary>
    /// "2.10.0+cu128", as the Python package or libtorch's archive has it; null where neither file tells.
    /// </summary>
    internal static string? VersionOf(string libFolder)
    {
        var home = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(libFolder))) ?? libFolder;
        var (package, archive) = (Path.Combine(home, "version.py"), Path.Combine(home, "build-version"));
        if (File.Exists(package))
        {
            var match = PythonVersion().Match(InputFile.ReadAllText(package, MostVersionBytes));
            if (match.Success)
                return match.Groups[1].Value;
        }
        return File.Exists(archive) ? InputFile.ReadAllText(archive, MostVersionBytes).Trim() : null;
    }

    private static bool IsTorchSharp(string? assembly) => assembly == "TorchSharp";

    private static void LoadOnce(string folder) => LibtorchLoader.Guard(() =>
    {
        Check(folder, LibtorchLoader.FindOwnLibrary(MainLibrary));
        foreach (var (name, _) in Libraries)
        {
            if (Path.Combine(folder, name) is var path && File.Exists(path))
                NativeLibrary.Load(path);
        }
        return true;
    });

    [GeneratedRegex(@"^__version__\s*=\s*['""]([^'""]+)['""]", RegexOptions.Multiline)]
    private static partial Regex PythonVersion();
}

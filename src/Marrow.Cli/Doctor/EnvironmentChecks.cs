using System.Collections;

namespace Marrow.Cli.Doctor;

/// <summary>
/// Optional programs, and variables of the environment that change how Marrow and its libraries work.
/// </summary>
internal static class EnvironmentChecks
{
    private const string Group = "Optional";

    /// <summary>
    /// Shown with their values, which hold no secret. Others of <see cref="Families"/> are named only.
    /// </summary>
    private static readonly string[] Shown =
    [
        "OMP_NUM_THREADS",
        "OMP_WAIT_POLICY",
        "OMP_PROC_BIND",
        "OMP_PLACES",
        "OMP_DYNAMIC",
        "OMP_THREAD_LIMIT",
        "OMP_SCHEDULE",
        "GOMP_SPINCOUNT",
        "GOMP_CPU_AFFINITY",
        "KMP_AFFINITY",
        "KMP_BLOCKTIME",
        "MKL_NUM_THREADS",
        "MKL_CBWR",
        "MKL_DYNAMIC",
        "MKL_ENABLE_INSTRUCTIONS",
        "ONEDNN_MAX_CPU_ISA",
        "DNNL_MAX_CPU_ISA",
        "ONEDNN_VERBOSE",
        "ONEDNN_DEFAULT_FPMATH_MODE",
        "ATEN_CPU_CAPABILITY",
        "LD_PRELOAD",
        "LD_LIBRARY_PATH",
        "XDG_CACHE_HOME",
        "TMPDIR",
        "MARROW_HUB",
        "MARROW_CACHE",
        "MARROW_LIBTORCH",
        "CUDA_VISIBLE_DEVICES",
        "DOTNET_gcServer",
        "DOTNET_GCHeapHardLimit",
        "DOTNET_TieredCompilation",
        "DOTNET_EnableAVX2",
        "DOTNET_EnableAVX512F",
        "DOTNET_EnableHWIntrinsic",
        "SLURM_CPUS_PER_TASK",
        "SLURM_JOB_ID",
    ];

    private static readonly string[] Families =
    [
        "OMP_",
        "GOMP_",
        "KMP_",
        "MKL_",
        "ONEDNN_",
        "DNNL_",
        "ATEN_",
        "TORCH_",
        "MARROW_",
    ];

    /// <summary>With these another code path computes: slower, or with other last digits.</summary>
    private static readonly string[] Limiting =
    [
        "ONEDNN_MAX_CPU_ISA",
        "DNNL_MAX_CPU_ISA",
        "ATEN_CPU_CAPABILITY",
        "MKL_ENABLE_INSTRUCTIONS",
        "LD_PRELOAD",
        "ONEDNN_DEFAULT_FPMATH_MODE",
        "DOTNET_EnableAVX2", "DOTNET_EnableAVX512F", "DOTNET_EnableHWIntrinsic",
    ];

    /// <summary>Looked at as a folder, <see cref="FolderChecks"/>.</summary>
    public const string TestData = "MARROW_DATA";

    private const string PythonPackages = "/usr/lib/python3/dist-packages";

    /// <summary>Programs that some part of Marrow or its tests uses, and what it uses them for.</summary>
    private static readonly (string Check, string[] Files, string For, string Debian)[] Programs =
    [
        ("SLURM", ["sbatch"], "marrow experiment --slurm", "slurm-wlm"),
        ("registry", ["docker-registry", "htpasswd"], "the tests of push and pull", "docker-registry apache2-utils"),
        (
            "Python peers",
            ["torchvision", "scipy", "sklearn", "onnx"],
            "the tests against independent implementations",
            "python3-torchvision python3-scipy python3-sklearn python3-onnx"),
    ];

    public static IEnumerable<CheckResult> All()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Where(Path.IsPathFullyQualified)
            .Concat(OperatingSystem.IsWindows() ? [] : ["/usr/sbin", PythonPackages]).ToList();
        var variables = Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? "");
        return
        [
            .. Programs.Select(p =>
                Program(p.Check, p.Files, p.For, p.Debian, name =>
                    folders.Any(folder => Path.Exists(Path.Combine(folder, name))))),
            .. Variables(variables),
        ];
    }

    internal static CheckResult Program(
        string check,
        string[] files,
        string use,
        string debian,
        Func<string, bool> isThere)
    {
        var missing = files.Where(file => !isThere(file)).ToList();
        return missing.Count == 0
            ? new(Group, check, Verdict.Ok, $"{string.Join(", ", files)}: for {use}")
            : new(
                Group,
                check,
                Verdict.Info,
                $"no {string.Join(", no ", missing)}; only {use} "
                    + $"{(use.StartsWith("the ", StringComparison.Ordinal) ? "need" : "needs")} "
                    + $"{(missing.Count == 1 ? "it" : "them")}",
                OperatingSystem.IsLinux() ? $"On Debian and Ubuntu: apt-get install {debian}" : null);
    }

    /// <summary>Those that are set, by name. A value is shown only where it is known to be no secret.</summary>
    internal static IEnumerable<CheckResult> Variables(IReadOnlyDictionary<string, string> variables)
    {
        var any = false;
        foreach (
            var (name, value) in variables.Where(v => v.Value.Length > 0).OrderBy(v => v.Key, StringComparer.Ordinal))
        {
            var isShown = Shown.Contains(name);
            if (
                name == TestData
                || (!isShown && !Families.Any(family => name.StartsWith(family, StringComparison.Ordinal))))
                continue;
            any = true;
            yield return Limiting.Contains(name)
                ? new(
                    Group,
                    name,
                    Verdict.Warning,
                    value,
                    "It changes which code computes: slower, or with other last digits. Unset it unless it is meant.")
                : new(Group, name, Verdict.Info, isShown ? value : "set (its value is not shown)");
        }
        if (!any)
            yield return new(Group, "environment", Verdict.Ok, "no variable that changes how Marrow computes");
    }
}

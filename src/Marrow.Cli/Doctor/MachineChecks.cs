using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using Marrow.Computing;

namespace Marrow.Cli.Doctor;

/// <summary>Processor, threads, memory and the graphics processor.</summary>
internal static class MachineChecks
{
    private const string Group = "Machine";
    private const double GiB = 1L << 30;

    // What training a DenseNet-121 with the shipped recipes takes at its peak; README.md.
    private const double TrainingGiB = 1.7;
    private const double PredictionGiB = 0.7;

    public static IEnumerable<CheckResult> All()
    {
        yield return Processor(ProcessorName(), InstructionSets(), Installation.HasBFloat16);
        yield return Threads(ProcessThreads.Look());
        yield return Memory(
            TotalBytes(),
            ProcFiles.Kibibytes(ProcFiles.Read("/proc/meminfo"), "MemAvailable") * 1024,
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        yield return Graphics(NvidiaDriver(), Installation.CudaRemedy);
    }

    internal static CheckResult Processor(string name, IReadOnlyList<string> sets, bool hasBFloat16)
    {
        var found =
            $"{name}: {string.Join(", ", sets)}; computes in {(hasBFloat16 ? "bfloat16, channels last" : "float32")} "
                + $"unless told otherwise";
        return sets.Contains("AVX2") || sets.Contains("NEON")
            ? new(Group, "processor", Verdict.Ok, found)
            : new(
                Group,
                "processor",
                Verdict.Warning,
                found,
                "Without AVX2 everything takes several times as long. In a virtual machine, pass the host's processor "
                    + "through."
            );
    }

    /// <param name="choice">What a command would compute with if it began now.</param>
    internal static CheckResult Threads(ThreadChoice choice)
    {
        var cores = choice.Cores;
        if (choice.Count > cores)
        {
            return new(
                Group,
                "threads",
                Verdict.Warning,
                $"{choice}, for {NumberText.Count(cores, "core")}",
                "Threads that wait for one another make everything take many times as long. Take as many as there are "
                    + "cores, or leave the number to Marrow."
            );
        }
        return choice.IsHeldBack
            ? new(
                Group,
                "threads",
                Verdict.Warning,
                choice.ToString(),
                "Other programs compute here: everything takes longer. Wait for them, or say how many threads by "
                    + "--threads."
            )
            : new(Group, "threads", Verdict.Ok, choice.ToString());
    }

    /// <param name="total">Bytes of the machine.</param>
    /// <param name="available">Of them free for programs now; null where it is not known.</param>
    /// <param name="limit">What this process may take, in a container less than the machine has.</param>
    internal static CheckResult Memory(long total, long? available, long limit)
    {
        var mayTake = Math.Min(available ?? total, limit);
        var found = string.Create(CultureInfo.InvariantCulture, $"{total / GiB:0.0} GiB")
            + (
                available is null
                    ? ""
                    : string.Create(CultureInfo.InvariantCulture, $", {available / GiB:0.0} GiB of them free"))
            + (
                limit < 0.95 * total
                    ? string.Create(CultureInfo.InvariantCulture, $"; a limit of {limit / GiB:0.0} GiB")
                    : "");
        return mayTake switch
        {
            < (long)(PredictionGiB * GiB) => new(
                Group,
                "memory",
                Verdict.Problem,
                found,
                "Predicting with DenseNet-121 takes 0.7 GiB, training it 1.7 GiB. Free some, or raise the container's "
                    + "limit."
            ),
            < (long)(TrainingGiB * GiB) => new(
                Group,
                "memory",
                Verdict.Warning,
                found,
                "Training a DenseNet-121 with the shipped recipes takes 1.7 GiB. Free some, or use densenet-mini or a "
                    + "smaller batch."
            ),
            _ => new(Group, "memory", Verdict.Ok, found),
        };
    }

    /// <param name="driver">The NVIDIA driver's own words; null where there is none.</param>
    /// <param name="cudaRemedy">
    /// How to get a libtorch for CUDA; null where the one at hand is one. Which device it computes on is told with it.
    /// </param>
    internal static CheckResult Graphics(string? driver, string? cudaRemedy) =>
        new(
            Group,
            "GPU",
            Verdict.Info,
            driver is null
                ? "no NVIDIA driver; none is needed, Marrow computes on the processor"
                : $"{driver}; libtorch is one for "
                    + (cudaRemedy is null ? "CUDA" : "the processor alone, on which Marrow computes"),
            driver is null || cudaRemedy is null ? null : $"To compute on it: {cudaRemedy}");

    private static string ProcessorName() =>
        ProcFiles.Value(ProcFiles.Read("/proc/cpuinfo"), "model name")
        ?? Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER")
        ?? RuntimeInformation.ProcessArchitecture.ToString();

    private static List<string> InstructionSets()
    {
        var sets = new List<string>();
        void Add(bool isThere, string name)
        {
            if (isThere)
                sets.Add(name);
        }
        Add(AdvSimd.IsSupported, "NEON");
        Add(Avx2.IsSupported, "AVX2");
        Add(Avx512F.IsSupported, "AVX-512");
        if (X86Base.IsSupported && Avx512F.IsSupported)
        {
            Add((X86Base.CpuId(7, 1).Eax >> 5 & 1) != 0, "AVX-512 BF16"); // as in Compute.HasBFloat16Instructions
            Add((X86Base.CpuId(7, 0).Edx >> 22 & 1) != 0, "AMX-BF16");
        }
        return sets.Count > 0 ? sets : ["no vector instructions that libtorch uses"];
    }

    private static long TotalBytes() =>
        ProcFiles.Kibibytes(ProcFiles.Read("/proc/meminfo"), "MemTotal") * 1024
        ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    private static string? NvidiaDriver()
    {
        if (ProcFiles.Read("/proc/driver/nvidia/version") is { Length: > 0 } text)
            return text.Split('\n')[0].Replace("NVRM version: ", "", StringComparison.Ordinal).Trim();
        return OperatingSystem.IsWindows() && File.Exists(Path.Combine(Environment.SystemDirectory, "nvcuda.dll"))
            ? "NVIDIA driver (nvcuda.dll)"
            : null;
    }
}

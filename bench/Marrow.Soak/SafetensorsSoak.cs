using System.Diagnostics;
using Marrow.Checkpoints;
using Marrow.Imaging;
using Marrow.Weights;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Marrow.Soak;

/// <summary>
/// Damaged safetensors files: most cases are headers decoded in memory, every <see cref="FileEvery"/>th is a whole file
/// that is opened, read tensor by tensor and loaded into a small model. Whatever is accepted is judged again by
/// <see cref="SafetensorsOracle"/>, and a share of what is refused too. Only <see cref="MarrowException"/> may be
/// thrown, within two seconds, and no case may allocate more than a multiple of its own size and a constant.
/// </summary>
public static class SafetensorsSoak
{
    private const int FileEvery = 100;
    private const int JudgeRefusedEvery = 16;
    private const int SayEvery = 1_000_000;
    private const int MostFaults = 100;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(2);

    // An entry of 50 bytes, the shortest there is, becomes a name, a shape, a record and its places in a list, a set
    // and two sorts; the constant is the message of an error with its stack trace.
    private const long AllocatedPerByte = 40;
    private const long AllocatedBesides = 64 << 10;

    public static SoakReport Run(long cases, ulong seed, Action<string> say)
    {
        var counts = new SortedDictionary<string, long>
        {
            ["read"] = 0,
            ["refused"] = 0,
            ["files read"] = 0,
            ["files refused"] = 0,
            ["files loaded"] = 0,
        };
        var faults = new List<string>();
        var folder = Directory.CreateTempSubdirectory("marrow-soak-").FullName;
        using var model = new TinyModel();
        try
        {
            var files = new FileCases(folder, model);
            var running = 0L;
            var since = Stopwatch.GetTimestamp();
            using var watchdog = new Timer(
                _ =>
                {
                    if (Stopwatch.GetElapsedTime(Volatile.Read(ref since)) > Longest)
                        say(
                            $"safetensors: seed {seed}, case {Volatile.Read(ref running)} has not ended for "
                                + $"{Longest.TotalSeconds} s"
                        );
                },
                null,
                Longest,
                Longest);
            for (var i = 0L; i < cases && faults.Count < MostFaults; i++)
            {
                Volatile.Write(ref running, i);
                Volatile.Write(ref since, Stopwatch.GetTimestamp());
                var random = SeededRandom.Fork(seed, i);
                var fault =
                    i % FileEvery == FileEvery - 1
                        ? files.Try(random, counts)
                        : TryHeader(random, i % JudgeRefusedEvery == 0, counts);
                if (fault is null && Stopwatch.GetElapsedTime(since) is var took && took > Longest)
                    fault = $"took {took.TotalSeconds:F1} s";
                if (fault is not null)
                    faults.Add(FormattableString.Invariant($"seed {seed}, case {i}: {fault}"));
                if ((i + 1) % SayEvery == 0)
                    say(FormattableString.Invariant($"safetensors: {i + 1:N0} cases, {faults.Count} faults"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
        return new("safetensors", cases, counts, faults);
    }

    /// <summary>Null, or what is wrong.</summary>
    private static string? TryHeader(SeededRandom random, bool judgeRefused, SortedDictionary<string, long> counts)
    {
        var (header, dataBytes) = SafetensorsMutation.Header(random);
        var before = GC.GetAllocatedBytesForCurrentThread();
        List<SafetensorsEntry>? entries = null;
        Dictionary<string, string>? metadata = null;
        try
        {
            (entries, metadata) = SafetensorsHeader.Decode(header, dataBytes, "mutated");
        }
        catch (MarrowException)
        {
            // One of the two allowed ends.
        }
        catch (Exception e)
        {
            return $"{e.GetType().Name}: {e.Message}";
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        counts[entries is null ? "refused" : "read"]++;
        if (allocated > AllocatedPerByte * header.Length + AllocatedBesides)
            return $"{allocated} bytes allocated for a header of {header.Length}";
        if (entries is null)
            return judgeRefused && SafetensorsOracle.Judge(header, dataBytes) is null
                ? "refused what keeps every rule"
                : null;
        return SafetensorsOracle.Judge(header, dataBytes, entries, metadata!) is { } broken
            ? $"read though {broken}"
            : null;
    }

    /// <summary>Whole files on the disk.</summary>
    private sealed class FileCases
    {
        private readonly string _path;
        private readonly TinyModel _model;
        private readonly byte[] _good;

        public FileCases(string folder, TinyModel model)
        {
            (_path, _model) = (Path.Combine(folder, "case.safetensors"), model);
            Safetensors.Write(_path, ModelWeights.Of(model), new Dictionary<string, string> { ["name"] = "tiny" });
            _good = File.ReadAllBytes(_path);
        }

        public string? Try(SeededRandom random, SortedDictionary<string, long> counts)
        {
            var bytes = SafetensorsMutation.Bytes(_good, random);
            File.WriteAllBytes(_path, bytes);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                using var file = Safetensors.Open(_path);
                if (ReadAll(file, bytes) is { } fault)
                    return fault;
                counts["files read"]++;
                ModelWeights.LoadExactly(_model, file);
                counts["files loaded"]++;
            }
            catch (MarrowException)
            {
                counts["files refused"]++;
            }
            catch (Exception e)
            {
                return $"file: {e.GetType().Name}: {e.Message}";
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            return allocated > AllocatedPerByte * bytes.Length + AllocatedBesides
                ? $"{allocated} bytes allocated for a file of {bytes.Length}"
                : null;
        }

        /// <summary>Every tensor is the file's own bytes, but booleans, whose bytes may be any.</summary>
        private static string? ReadAll(Safetensors file, byte[] bytes)
        {
            var dataStart = bytes.Length - (int)file.Entries.Sum(e => e.Bytes);
            foreach (var entry in file.Entries)
            {
                using var tensor = file.Read(entry.Name);
                if (!tensor.shape.AsSpan().SequenceEqual(entry.Shape) || tensor.dtype != entry.Type)
                    return $"file: '{entry.Name}' was read as {tensor.dtype} [{string.Join(", ", tensor.shape)}]";
                if (
                    entry.Type != ScalarType.Bool
                    && entry.Bytes > 0
                    && !tensor.bytes.SequenceEqual(bytes.AsSpan(dataStart + (int)entry.Offset, (int)entry.Bytes)))
                    return $"file: '{entry.Name}' has other bytes than the file";
            }
            return null;
        }
    }

    /// <summary>Parameters, buffers and several types, small enough for a hundred thousand files.</summary>
    private sealed class TinyModel : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> _layers;

        public TinyModel() : base(nameof(TinyModel))
        {
            _layers = Sequential(("conv", Conv2d(1, 2, 3)), ("norm", BatchNorm2d(2)));
            register_module("layers", _layers);
        }

        public override Tensor forward(Tensor input) => _layers.forward(input);

        protected override void RegisterComponents()
        {
        }
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Marrow.Weights;

/// <summary>
/// Weights on disk in the safetensors format: a length (u64, little-endian), a JSON header, then each tensor's bytes,
/// row-major and little-endian. Opening reads and checks the header only; each tensor is read straight into its own
/// memory when asked for. Positional reads take the place of a memory map: they cost one copy as the map does, and a
/// file that shrinks underneath is an error rather than the process's death by SIGBUS. Several threads may read at
/// once.
/// </summary>
internal sealed class Safetensors : WeightFile
{
    private const int LengthBytes = 8;
    private const int NarrowedAtOnce = 1 << 16;
    private const int BlockBytes = 1 << 22; // the largest tensors of a DenseNet-121 fit

    private readonly long _dataStart;

    private Safetensors(
        string path,
        SafeFileHandle file,
        long dataStart,
        List<SafetensorsEntry> entries,
        Dictionary<string, string> metadata)
        : base(path, file, entries)
    {
        Entries = entries;
        Metadata = metadata;
        _dataStart = dataStart;
    }

    /// <summary>The tensors, in the order of the header.</summary>
    internal override IReadOnlyList<SafetensorsEntry> Entries { get; }

    /// <summary>
    /// The texts in the header's "__metadata__". They come from whoever wrote the file and must not be trusted.
    /// </summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    internal override IReadOnlyDictionary<string, string> Notes => Metadata;

    /// <summary>
    /// Reads and checks the header. Throws <see cref="MarrowException"/> when any rule of the format is broken.
    /// </summary>
    public static Safetensors Open(string path)
    {
        var file = OpenFile(path);
        try
        {
            var fileBytes = RandomAccess.GetLength(file);
            if (fileBytes < LengthBytes)
                throw MarrowException.Damaged(
                    path,
                    "a safetensors file",
                    $"{fileBytes} bytes",
                    "The file is cut short: fetch or save it again.");
            Span<byte> length = stackalloc byte[LengthBytes];
            ReadExactly(file, length, 0, path);
            var headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
            if (headerBytes > SafetensorsHeader.MaxBytes)
                throw MarrowException.Damaged(
                    path,
                    $"a header of at most {SafetensorsHeader.MaxBytes} bytes",
                    $"a length of {headerBytes}",
                    "The file is damaged or no safetensors file: fetch or save it again.");
            if ((long)headerBytes > fileBytes - LengthBytes)
                throw MarrowException.Damaged(
                    path,
                    $"a header of {headerBytes} bytes",
                    $"a file of {fileBytes}",
                    "The file is cut short: fetch or save it again.");

            var header = new byte[headerBytes];
            ReadExactly(file, header, LengthBytes, path);
            var dataStart = LengthBytes + (long)headerBytes;
            var (entries, metadata) = SafetensorsHeader.Decode(header, fileBytes - dataStart, path);
            return new(path, file, dataStart, entries, metadata);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal override torch.Tensor Read(string name)
    {
        var entry = Find(name);
        var tensor = torch.empty(entry.Shape, dtype: TypeInFile(entry.Type), device: torch.CPU);
        try
        {
            ReadBytes(_dataStart + entry.Offset, tensor);
            return FromFile(tensor, entry.Type);
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    internal override void ReadInto(string name, torch.Tensor target)
    {
        var entry = Find(name);
        RequireShape(entry, target);
        // Each call into libtorch costs about a microsecond, and a model has 700 tensors: as few as possible.
        var type = target.dtype;
        var plain = entry.Bytes <= PieceBytes && target.device_type == DeviceType.CPU && target.is_contiguous();
        if (plain && entry.Type == type && type != torch.ScalarType.Bool)
            ReadExactly(target.bytes, _dataStart + entry.Offset);
        else if (plain && (entry.Type, type) == (torch.ScalarType.BFloat16, torch.ScalarType.Float32))
        {
            var memory = target.bytes;
            var halves = memory[(int)entry.Bytes..];
            ReadExactly(halves, _dataStart + entry.Offset);
            FloatSpans.Widen(MemoryMarshal.Cast<byte, ushort>(halves), MemoryMarshal.Cast<byte, float>(memory));
        }
        else
        {
            using var noGradients = torch.no_grad();
            using var stored = Read(name);
            target.copy_(stored);
        }
    }

    /// <summary>
    /// Writes the weights to a file. It is written beside its place and then renamed, so that readers see all of it or
    /// nothing.
    /// </summary>
    public static void Write(string path, IReadOnlyList<KeyValuePair<string, torch.Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null, torch.ScalarType? matricesAs = null) =>
        AtomicFile.Write(path, stream =>
        {
            // Whole, aligned blocks. Measured on ext4 on a virtual disk: written in tensors' own sizes, the same bytes
            // took 10 to 30 times as long to be flushed.
            var blocks = new BufferedStream(stream, BlockBytes);
            Write(blocks, tensors, metadata, matricesAs);
            blocks.Flush();
        });

    /// <summary>
    /// Streams the tensors, one converted copy at a time; tensors of wide elements come first in the data, so that each
    /// is aligned to its element. Metadata always has "format": "pt", which other readers ask for.
    /// </summary>
    /// <param name="matricesAs">
    /// The type in which floating-point tensors of two or more dimensions are stored; null keeps theirs. Norms and
    /// biases keep their type: they are about 1 % of a CNN's size and running variances suffer most from bf16's 8 bits.
    /// </param>
    internal static void Write(Stream stream, IReadOnlyList<KeyValuePair<string, torch.Tensor>> tensors,
        IReadOnlyDictionary<string, string>? metadata = null, torch.ScalarType? matricesAs = null)
    {
        var all = new Dictionary<string, string>(metadata ?? new Dictionary<string, string>(), StringComparer.Ordinal)
        {
            ["format"] = "pt",
        };
        var names = new HashSet<string>(StringComparer.Ordinal) { "__metadata__" };
        var entries = new SafetensorsEntry[tensors.Count];
        var types = tensors.Select(t => StoredType(t.Value, matricesAs)).ToArray();
        var offset = 0L;
        var dataOrder = Enumerable
            .Range(0, tensors.Count)
            .OrderByDescending(i => SafetensorsHeader.SizeOf(types[i]))
            .ToArray();
        foreach (var i in dataOrder)
        {
            var (name, tensor) = tensors[i];
            if (!names.Add(name))
                throw new ArgumentException($"'{name}' is given twice or reserved.", nameof(tensors));
            if (!SafetensorsHeader.Supports(types[i]))
                throw new ArgumentException(
                    $"'{name}' is of type {types[i]}, which safetensors files do not hold here.",
                    nameof(tensors));
            var bytes = checked(tensor.NumberOfElements * SafetensorsHeader.SizeOf(types[i]));
            entries[i] = new(name, types[i], tensor.shape, offset, bytes);
            offset = checked(offset + bytes);
        }

        var header = SafetensorsHeader.Encode(entries, all);
        if (header.Length > SafetensorsHeader.MaxBytes)
            throw new ArgumentException(
                $"A header of {header.Length} bytes is more than the format allows.",
                nameof(tensors));
        Span<byte> length = stackalloc byte[LengthBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach (var i in dataOrder)
        {
            using var scope = torch.NewDisposeScope();
            using var noGradients = torch.no_grad();
            var flat = tensors[i].Value.detach().cpu().contiguous().view(-1);
            if ((flat.dtype, types[i]) == (torch.ScalarType.Float32, torch.ScalarType.BFloat16))
                ForPieces(flat, piece => WriteNarrow(stream, MemoryMarshal.Cast<byte, float>(piece.bytes)));
            else
                ForPieces(flat.to(types[i]), piece => stream.Write(piece.bytes));
        }
    }

    /// <summary>Returns the type in which a tensor is stored.</summary>
    /// <param name="matricesAs">Of floating-point tensors of two or more dimensions; null keeps theirs.</param>
    internal static torch.ScalarType StoredType(torch.Tensor tensor, torch.ScalarType? matricesAs) =>
        matricesAs is { } type && tensor.Dimensions >= 2 && torch.is_floating_point(tensor) ? type : tensor.dtype;

    private new SafetensorsEntry Find(string name) => (SafetensorsEntry)base.Find(name);

    private static void WriteNarrow(Stream stream, ReadOnlySpan<float> floats)
    {
        var buffer = ArrayPool<ushort>.Shared.Rent(Math.Min(floats.Length, NarrowedAtOnce));
        for (var rest = floats; !rest.IsEmpty;)
        {
            var count = Math.Min(rest.Length, NarrowedAtOnce);
            FloatSpans.Narrow(rest[..count], buffer);
            stream.Write(MemoryMarshal.AsBytes(buffer.AsSpan(0, count)));
            rest = rest[count..];
        }
        ArrayPool<ushort>.Shared.Return(buffer);
    }
}

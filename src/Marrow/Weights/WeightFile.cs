using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Marrow.Weights;

/// <summary>Name, type and shape of one tensor in a file of weights.</summary>
internal abstract record WeightEntry(string Name, torch.ScalarType Type, long[] Shape)
{
    /// <summary>The number of elements, which is the product of the shape; 1 for a scalar.</summary>
    public long Elements => Shape.Aggregate(1L, (product, side) => product * side);
}

/// <summary>
/// A file of weights. Its list of tensors is read and checked when it is opened, each tensor when it is asked for.
/// Several threads may read at the same time. A file that becomes shorter while it is open causes an exception.
/// </summary>
internal abstract class WeightFile : IDisposable
{
    internal const long PieceBytes = 1L << 28; // Tensor.bytes is a span: at most 2^31 - 1 bytes at a time
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, WeightEntry> _byName;

    private protected WeightFile(string path, SafeFileHandle file, IReadOnlyList<WeightEntry> entries)
    {
        (Path, _file) = (path, file);
        _byName = entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    internal string Path { get; }

    /// <summary>The tensors, in the order of the file.</summary>
    internal abstract IReadOnlyList<WeightEntry> Entries { get; }

    /// <summary>The number of elements of all tensors together.</summary>
    public long Elements => Entries.Sum(e => e.Elements);

    /// <summary>
    /// The metadata in the file, by key; empty when it has none. It comes from whoever wrote the file and must not be
    /// trusted.
    /// </summary>
    internal virtual IReadOnlyDictionary<string, string> Notes => new Dictionary<string, string>();

    internal bool Contains(string name) => _byName.ContainsKey(name);

    /// <summary>
    /// Reads a tensor in its stored type, contiguous and on the CPU. The caller disposes it. Throws when the name is
    /// unknown (the message lists the nearest known ones), and when the file has become shorter.
    /// </summary>
    internal abstract torch.Tensor Read(string name);

    /// <summary>
    /// Reads a tensor into another one of the same shape, which may have any type and be on any device. Throws
    /// <see cref="ArgumentException"/> when the shape differs, and otherwise as <see cref="Read"/> does.
    /// </summary>
    internal virtual void ReadInto(string name, torch.Tensor target)
    {
        RequireShape(Find(name), target);
        using var noGradients = torch.no_grad();
        using var stored = Read(name);
        target.copy_(stored);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => _file.Dispose();

    /// <summary>Returns the SHA-256 of the whole file, as 64 lower-case hexadecimal digits.</summary>
    internal string Sha256(CancellationToken cancellation = default)
    {
        var position = 0L;
        return FileHash.Sha256(block =>
        {
            var part = block[..(int)Math.Min(block.Length, Length - position)];
            ReadExactly(part, position);
            position += part.Length;
            return part.Length;
        }, cancellation);
    }

    /// <summary>The size of the file in bytes.</summary>
    internal long Length => RandomAccess.GetLength(_file);

    private protected WeightEntry Find(string name) =>
        _byName.TryGetValue(name, out var entry)
            ? entry
            : throw new MarrowException(
                $"{Path}: has no tensor '{name}'. The nearest: "
                    + $"{string.Join(", ", NearestNames.Of(name, _byName.Keys, 3))}."
            );

    private protected static void RequireShape(WeightEntry entry, torch.Tensor target)
    {
        if (!entry.Shape.AsSpan().SequenceEqual(target.shape))
            throw new ArgumentException(
                $"'{entry.Name}' is {ShapeText.Of(entry.Shape)}, the target {ShapeText.Of(target.shape)}.",
                nameof(target));
    }

    /// <summary>
    /// A byte that is neither 0 nor 1 is no valid torch.bool: such tensors are read as bytes, then compared with 0.
    /// </summary>
    private protected static torch.ScalarType TypeInFile(torch.ScalarType type) =>
        type == torch.ScalarType.Bool ? torch.ScalarType.Byte : type;

    /// <summary>
    /// Converts a tensor that was read with the type <see cref="TypeInFile"/> to its own type, and takes over its
    /// ownership.
    /// </summary>
    private protected static torch.Tensor FromFile(torch.Tensor tensor, torch.ScalarType type)
    {
        if (tensor.dtype == type)
            return tensor;
        using (tensor)
            return tensor.to(type);
    }

    private protected void ReadBytes(long position, torch.Tensor contiguous)
    {
        using var flat = contiguous.view(-1);
        ForPieces(flat, piece =>
        {
            ReadExactly(piece.bytes, position);
            position += piece.bytes.Length;
        });
    }

    private protected void ReadExactly(Span<byte> into, long position) => ReadExactly(_file, into, position, Path);

    /// <param name="flat">The elements in a contiguous tensor of one dimension.</param>
    internal static void ForPieces(torch.Tensor flat, Action<torch.Tensor> use)
    {
        var elements = flat.shape[0];
        var step = PieceBytes / flat.ElementSize;
        for (var start = 0L; start < elements; start += step)
        {
            using var piece = flat.narrow(0, start, Math.Min(step, elements - start));
            use(piece);
        }
    }

    private protected static SafeFileHandle OpenFile(string path)
    {
        try
        {
            return InputFile.OpenHandle(path, InputFile.AnySize);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check the path and its permissions.", e);
        }
    }

    private protected static void ReadExactly(SafeFileHandle file, Span<byte> into, long position, string path)
    {
        try
        {
            while (!into.IsEmpty)
            {
                var read = RandomAccess.Read(file, into, position);
                if (read == 0)
                    throw MarrowException.Bad(
                        path,
                        $"{into.Length} more bytes at {position}",
                        "the file's end",
                        "The file was cut while it was read: fetch or save it again.");
                into = into[read..];
                position += read;
            }
        }
        catch (IOException e)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check the disk.", e);
        }
    }
}

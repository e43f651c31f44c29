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
    private const int NamedParts = 8; // in an error
    internal const long PieceBytes = 1L << 28; // Tensor.bytes is a span: at most 2^31 - 1 bytes at a time
    private readonly Dictionary<string, WeightEntry> _byName;

    private protected WeightFile(string path, SafeFileHandle file, IReadOnlyList<WeightEntry> entries)
        : this(path, [file], entries)
    {
    }

    /// <param name="files">
    /// The file itself and then those in which more of its weights lie. They are closed with it.
    /// </param>
    private protected WeightFile(
        string path, IReadOnlyList<SafeFileHandle> files, IReadOnlyList<WeightEntry> entries)
    {
        (Path, Files) = (path, files);
        _byName = entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    internal string Path { get; }

    /// <summary>The open files in which the weights lie; the one that was named is the first.</summary>
    internal IReadOnlyList<SafeFileHandle> Files { get; }

    /// <summary>
    /// The key below which the weights lie, such as "state_dict"; "" when the file holds nothing else.
    /// </summary>
    internal virtual string Place => "";

    /// <summary>
    /// The keys of everything else in the file, such as "epoch" and "optimizer". It was read as data and is not used.
    /// </summary>
    internal virtual IReadOnlyList<string> Others => [];

    /// <summary>The places of further weights that were not read, such as "ema.state_dict".</summary>
    internal virtual IReadOnlyList<string> OtherParts => [];

    /// <summary>
    /// The part of the weights that was asked for, as far as it has to be found among their keys: all keys of the part
    /// "teacher" begin with "teacher.". Null when all of the tensors are meant.
    /// </summary>
    internal string? KeyPart { get; set; }

    /// <summary>The part that was asked for, as it was named; null when none was.</summary>
    internal string? Part { get; set; }

    /// <summary>The name of the file, and of the part that was asked for, as a recipe has them.</summary>
    internal string Reference =>
        System.IO.Path.GetFileName(Path) + (Part is null ? "" : $"{WeightReference.PartMark}{Part}");

    /// <summary>
    /// Says which weights of the file were not read and how each is named, for errors about those that were; "" when
    /// all were.
    /// </summary>
    /// <param name="parts">The places of the weights that were not read.</param>
    internal string AboutOthers(IReadOnlyList<string> parts)
    {
        if (parts.Count == 0)
            return "";
        var shown = parts.Take(NamedParts).Select(PyTorch.PickleReader.Shown).ToList();
        return $" The file also has weights that were not read, {string.Join(", ", shown)}"
            + $"{(parts.Count > NamedParts ? ", ..." : "")}: name them by --part {shown[0]} for hub import, by "
            + $"{System.IO.Path.GetFileName(Path)}{WeightReference.PartMark}{shown[0]} in a recipe.";
    }

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

    /// <summary>Closes the file, and those in which more of its weights lie.</summary>
    public void Dispose()
    {
        foreach (var file in Files)
            file.Dispose();
    }

    /// <summary>
    /// Returns the SHA-256 of the whole file, as 64 lower-case hexadecimal digits. When its weights lie in several
    /// files, it is that of all their bytes, one file after the other.
    /// </summary>
    internal string Sha256(CancellationToken cancellation = default)
    {
        var (at, position) = (0, 0L);
        return FileHash.Sha256(block =>
        {
            for (; at < Files.Count; (at, position) = (at + 1, 0))
            {
                var rest = Math.Max(RandomAccess.GetLength(Files[at]) - position, 0);
                if (rest == 0)
                    continue;
                var part = block[..(int)Math.Min(block.Length, rest)];
                ReadExactly(Files[at], part, position, Path);
                position += part.Length;
                return part.Length;
            }
            return 0;
        }, cancellation);
    }

    /// <summary>The size in bytes of all files in which the weights lie.</summary>
    internal long Length => Files.Sum(RandomAccess.GetLength);

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

    private protected void ReadBytes(long position, torch.Tensor contiguous) =>
        ReadBytes(Files[0], position, contiguous);

    private protected void ReadBytes(SafeFileHandle file, long position, torch.Tensor contiguous)
    {
        using var flat = contiguous.view(-1);
        ForPieces(flat, piece =>
        {
            ReadExactly(file, piece.bytes, position, Path);
            position += piece.bytes.Length;
        });
    }

    private protected void ReadExactly(Span<byte> into, long position) => ReadExactly(Files[0], into, position, Path);

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

    /// <summary>Opens a regular file. Throws <see cref="MarrowException"/> when it can't be read.</summary>
    internal static SafeFileHandle OpenFile(string path)
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

using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Marrow.Weights.PyTorch;

/// <summary>One tensor of a PyTorch file: a view of a storage that others may share.</summary>
/// <param name="Strides">The strides in elements, one for each dimension.</param>
/// <param name="Offset">The position of the first element in the storage, in elements.</param>
/// <param name="Storage">The storage's name in the file. Tensors with the same storage share their numbers.</param>
internal sealed record PyTorchEntry(
    string Name,
    torch.ScalarType Type,
    long[] Shape,
    long[] Strides,
    long Offset,
    string Storage
) : WeightEntry(Name, Type, Shape);

/// <summary>
/// Weights as torch.save writes them: since PyTorch 1.6 a zip with a pickle and the numbers beside it, before that
/// pickles with the numbers behind them (LegacyFile.cs). The pickle is read as data and never run (PickleReader.cs);
/// the state dict is found at the top or under the names that training programs use; each tensor is read straight from
/// its place in the file when asked for.
/// </summary>
internal sealed class PyTorchWeights : WeightFile
{
    private const int MostNotes = 16 << 20;
    private const uint ZipMark = 0x04034b50; // "PK\3\4", the header of the first record
    private readonly Func<string, long> _startOf;

    private PyTorchWeights(
        string path,
        SafeFileHandle file,
        StateDict state,
        IReadOnlyList<PyTorchEntry> entries,
        Func<string, long> startOf,
        IReadOnlyDictionary<string, string> notes)
        : base(path, file, entries)
    {
        (Entries, _startOf, Notes, KeyPart) = (entries, startOf, notes, state.KeyPart);
        (Place, Others, OtherParts) = (state.Place, state.Others, state.OtherParts);
    }

    /// <summary>The tensors, in the order of the state dict.</summary>
    internal override IReadOnlyList<PyTorchEntry> Entries { get; }

    internal override IReadOnlyDictionary<string, string> Notes { get; }

    internal override string Place { get; }

    internal override IReadOnlyList<string> Others { get; }

    internal override IReadOnlyList<string> OtherParts { get; }

    /// <summary>
    /// Returns true for the first bytes of either form. A zip may still have been written by another program.
    /// </summary>
    internal static bool Begins(ReadOnlySpan<byte> start) =>
        LegacyFile.Begins(start)
        || start.Length >= sizeof(uint) && BitConverter.ToUInt32(start) == ZipMark && FileKinds.Foreign(start) is null;

    /// <summary>
    /// Opens a file. Throws <see cref="MarrowException"/> when the file is of another kind, is damaged, or contains
    /// anything but weights and plain data; the message names the obstacle and its place.
    /// </summary>
    /// <param name="part">
    /// The set of weights that is meant when the file has several; see <see cref="StateDict.Find"/>.
    /// </param>
    public static PyTorchWeights Open(string path, string? part = null)
    {
        var file = OpenFile(path);
        try
        {
            void ReadAt(Span<byte> into, long position) => ReadExactly(file, into, position, path);
            var start = new byte[FileKinds.Bytes];
            start = start[..RandomAccess.Read(file, start, 0)];
            if (!Begins(start))
                throw WeightFiles.Refusal(path, start);
            var (state, startOf, notes) = LegacyFile.Begins(start)
                ? LegacyFile.Read(path, RandomAccess.GetLength(file), ReadAt, part)
                : Zip(path, RandomAccess.GetLength(file), ReadAt, part);
            return new(
                path,
                file,
                state,
                [
                    .. state.Tensors.Select(t => new PyTorchEntry(
                        t.Key,
                        t.Value.Type,
                        t.Value.Shape,
                        t.Value.Strides,
                        t.Value.Offset,
                        t.Value.Storage.Key)),
                ],
                startOf,
                notes);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal override torch.Tensor Read(string name)
    {
        var entry = (PyTorchEntry)Find(name);
        using var scope = torch.NewDisposeScope();
        if (entry.Elements == 0)
            return torch.empty(entry.Shape, dtype: entry.Type, device: torch.CPU).MoveToOuterDisposeScope();
        var position = _startOf(entry.Storage) + entry.Offset * SafetensorsHeader.SizeOf(entry.Type);
        if (IsContiguous(entry))
        {
            var whole = torch.empty(entry.Shape, dtype: TypeInFile(entry.Type), device: torch.CPU);
            ReadBytes(position, whole);
            return FromFile(whole, entry.Type).MoveToOuterDisposeScope();
        }
        var reach = 1 + entry.Shape.Zip(entry.Strides, (side, stride) => (side - 1) * stride).Sum();
        var storage = torch.empty([reach], dtype: TypeInFile(entry.Type), device: torch.CPU);
        ReadBytes(position, storage);
        return FromFile(storage.as_strided(entry.Shape, entry.Strides).contiguous(), entry.Type)
            .MoveToOuterDisposeScope();
    }

    private static bool IsContiguous(PyTorchEntry entry)
    {
        var expected = 1L;
        for (var d = entry.Shape.Length - 1; d >= 0; d--)
        {
            if (entry.Shape[d] != 1 && entry.Strides[d] != expected)
                return false;
            expected *= entry.Shape[d];
        }
        return true;
    }

    private static (StateDict State, Func<string, long> StartOf, IReadOnlyDictionary<string, string> Notes) Zip(
        string path,
        long fileBytes,
        PyTorchArchive.ReadAt read,
        string? part)
    {
        var archive = PyTorchArchive.Read(path, fileBytes, read);
        var pickle = new byte[archive.Pickle.Bytes];
        read(pickle, archive.Pickle.Start);
        return (
            StateDict.Find(PickleReader.Read(pickle, path, key => archive.Storage(key)?.Bytes), path, part),
            key => archive.Storage(key)!.Value.Start,
            Said(archive, path, read));
    }

    /// <summary>Reads the description that an export of Marrow wrote beside the pickle.</summary>
    private static Dictionary<string, string> Said(PyTorchArchive archive, string path, PyTorchArchive.ReadAt read)
    {
        if (archive.Notes is not { } record)
            return [];
        if (record.Bytes > MostNotes)
            throw MarrowException.Bad(
                path,
                $"notes of at most {MostNotes} bytes",
                $"{record.Bytes}",
                "The file is damaged: export it again.");
        var json = new byte[record.Bytes];
        read(json, record.Start);
        return MarrowJson.Decode<Dictionary<string, string>>(
            json,
            path,
            "an export's notes",
            "The file is damaged: export it again.");
    }
}

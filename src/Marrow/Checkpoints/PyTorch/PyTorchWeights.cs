using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Marrow.Checkpoints.PyTorch;

/// <summary>One tensor of a PyTorch file: a view of a storage that others may share.</summary>
/// <param name="Strides">In elements, one a dimension.</param>
/// <param name="Offset">Of the first element in the storage, in elements.</param>
/// <param name="Storage">Its name in the file: tensors of one storage share their numbers.</param>
public sealed record PyTorchEntry(string Name, torch.ScalarType Type, long[] Shape, long[] Strides, long Offset, string Storage) : WeightEntry(Name, Type, Shape);

/// <summary>
/// Weights as PyTorch 1.6 and newer save them (.pth, .pt: a zip with a pickle and the numbers beside it). The pickle is
/// read as data and never run (PickleReader.cs); the state dict is found at the top or under the names that training
/// programs use; each tensor is read straight from its place in the file when asked for.
/// </summary>
public sealed class PyTorchWeights : WeightFile
{
    private const uint ZipMark = 0x04034b50; // "PK\3\4", the header of the first record
    private readonly PyTorchArchive _archive;

    private PyTorchWeights(string path, SafeFileHandle file, PyTorchArchive archive, StateDict state, IReadOnlyList<PyTorchEntry> entries) : base(path, file, entries)
    {
        (Entries, _archive, Place, Others) = (entries, archive, state.Place, state.Others);
    }

    /// <summary>In the state dict's order.</summary>
    public override IReadOnlyList<PyTorchEntry> Entries { get; }

    /// <summary>Where the state dict is: "state_dict"; "" when it is all there is.</summary>
    public string Place { get; }

    /// <summary>What else the file holds, by key: "epoch", "optimizer". It was looked at as data, and left.</summary>
    public IReadOnlyList<string> Others { get; }

    /// <summary>True for the endings of PyTorch's files.</summary>
    public static bool Takes(string path) => System.IO.Path.GetExtension(path).ToLowerInvariant() is ".pth" or ".pt";

    /// <summary>
    /// Throws <see cref="MarrowException"/> when the file is of the form before PyTorch 1.6, holds anything but weights
    /// and plain data, or is damaged; what stands in the way is named with its place.
    /// </summary>
    public static PyTorchWeights Open(string path)
    {
        var file = OpenFile(path);
        try
        {
            RequireZip(file, path);
            var archive = PyTorchArchive.Read(path, RandomAccess.GetLength(file), (into, position) => ReadExactly(file, into, position, path));
            var pickle = new byte[archive.Pickle.Bytes];
            ReadExactly(file, pickle, archive.Pickle.Start, path);
            var state = StateDict.Find(PickleReader.Read(pickle, path, key => archive.Storage(key)?.Bytes), path);
            return new(path, file, archive, state, [.. state.Tensors.Select(t => new PyTorchEntry(t.Key, t.Value.Type, t.Value.Shape, t.Value.Strides, t.Value.Offset, t.Value.Storage.Key))]);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public override torch.Tensor Read(string name)
    {
        var entry = (PyTorchEntry)Find(name);
        using var scope = torch.NewDisposeScope();
        if (entry.Elements == 0)
            return torch.empty(entry.Shape, dtype: entry.Type).MoveToOuterDisposeScope();
        var position = _archive.Storage(entry.Storage)!.Value.Start + entry.Offset * SafetensorsHeader.SizeOf(entry.Type);
        if (IsContiguous(entry))
        {
            var whole = torch.empty(entry.Shape, dtype: TypeInFile(entry.Type));
            ReadBytes(position, whole);
            return FromFile(whole, entry.Type).MoveToOuterDisposeScope();
        }
        var reach = 1 + entry.Shape.Zip(entry.Strides, (side, stride) => (side - 1) * stride).Sum();
        var storage = torch.empty([reach], dtype: TypeInFile(entry.Type));
        ReadBytes(position, storage);
        return FromFile(storage.as_strided(entry.Shape, entry.Strides).contiguous(), entry.Type).MoveToOuterDisposeScope();
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

    private static void RequireZip(SafeFileHandle file, string path)
    {
        Span<byte> start = stackalloc byte[sizeof(uint)];
        if (RandomAccess.Read(file, start, 0) == start.Length && BitConverter.ToUInt32(start) == ZipMark)
            return;
        if (start[0] == (byte)PickleOpcode.Proto)
            throw MarrowException.Bad(path, "the zip form of PyTorch 1.6 and newer", "the older form, a bare pickle",
                "Load and save it again in Python, where you trust it: torch.save(torch.load('old.pth', map_location='cpu', weights_only=True), 'new.pth').");
        throw MarrowException.Bad(path, "a file of torch.save, which is a zip", $"one that starts with {Convert.ToHexString(start)}", "Fetch or save it again.");
    }
}

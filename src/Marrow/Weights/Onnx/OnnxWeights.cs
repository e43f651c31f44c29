using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Marrow.Weights.Onnx;

/// <summary>The initialisers of an ONNX file, under their own names. Its graph is not looked at.</summary>
internal sealed class OnnxWeights : WeightFile
{
    private OnnxWeights(string path, IReadOnlyList<SafeFileHandle> files, OnnxInitializers found)
        : base(path, files, found.Entries) => (Entries, Notes) = (found.Entries, found.Notes);

    internal override IReadOnlyList<OnnxEntry> Entries { get; }

    internal override IReadOnlyDictionary<string, string> Notes { get; }

    /// <summary>
    /// Reads where the weights lie and checks it. Throws <see cref="MarrowException"/> for a damaged file, for one
    /// without weights, and for weights in other files than those of the same folder.
    /// </summary>
    public static OnnxWeights Open(string path)
    {
        var file = OpenFile(path);
        var outside = new OnnxExternalData(path);
        try
        {
            var length = RandomAccess.GetLength(file);
            var found = new OnnxInitializers(
                (into, position) => ReadExactly(file, into, position, path), length, path, outside);
            return new(path, [file, .. outside.Files], found);
        }
        catch
        {
            file.Dispose();
            outside.Files.ForEach(other => other.Dispose());
            throw;
        }
    }

    internal override torch.Tensor Read(string name)
    {
        var entry = (OnnxEntry)Find(name);
        if (entry.PackedBytes > 0)
            return ReadPacked(entry);
        var tensor = torch.empty(entry.Shape, dtype: TypeInFile(entry.Type), device: torch.CPU);
        try
        {
            ReadBytes(Files[entry.File], entry.Start, tensor);
            return FromFile(tensor, entry.Type);
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>Reads numbers of 16 bits that are written one by one, in as many bytes as each needs.</summary>
    private torch.Tensor ReadPacked(OnnxEntry entry)
    {
        var reader = new ProtoReader(
            (into, position) => ReadExactly(Files[0], into, position, Path), RandomAccess.GetLength(Files[0]), Path);
        var list = new ProtoField(0, ProtoWire.LengthDelimited, 0, entry.Start, entry.PackedBytes);
        var tensor = torch.empty(entry.Shape, dtype: entry.Type, device: torch.CPU);
        try
        {
            var bits = MemoryMarshal.Cast<byte, ushort>(tensor.bytes);
            var count = 0;
            foreach (var number in reader.Numbers(list))
                bits[count++] = checked((ushort)number);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }
}

using Microsoft.Win32.SafeHandles;
using TorchSharp;

namespace Marrow.Weights.Onnx;

/// <summary>The initialisers of an ONNX file, under their own names. Its graph is not looked at.</summary>
internal sealed class OnnxWeights : WeightFile
{
    private OnnxWeights(string path, SafeFileHandle file, OnnxInitializers found) : base(path, file, found.Entries) =>
        (Entries, Notes) = (found.Entries, found.Notes);

    internal override IReadOnlyList<OnnxEntry> Entries { get; }

    internal override IReadOnlyDictionary<string, string> Notes { get; }

    /// <summary>
    /// Reads where the weights lie and checks it. Throws <see cref="MarrowException"/> for a damaged file, for one
    /// without weights and for weights that lie in other files.
    /// </summary>
    public static OnnxWeights Open(string path)
    {
        var file = OpenFile(path);
        try
        {
            var length = RandomAccess.GetLength(file);
            return new(path, file, new((into, position) => ReadExactly(file, into, position, path), length, path));
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    internal override torch.Tensor Read(string name)
    {
        var entry = (OnnxEntry)Find(name);
        var tensor = torch.empty(entry.Shape, dtype: TypeInFile(entry.Type), device: torch.CPU);
        try
        {
            ReadBytes(entry.Start, tensor);
            return FromFile(tensor, entry.Type);
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }
}

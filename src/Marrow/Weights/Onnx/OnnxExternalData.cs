// Where an ONNX file keeps numbers outside itself (onnx.proto, TensorProto.external_data): by the keys "location", a
// path relative to the file's folder, "offset" and "length". The standard allows folders in that path; here it must be
// the name of a file beside the ONNX file ("w.bin" or "./w.bin"), so that no file can make another part of the disk be
// read.

using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Marrow.Weights.Onnx;

/// <summary>Opens the files beside an ONNX file in which some of its weights lie.</summary>
/// <param name="path">The path of the ONNX file.</param>
internal sealed class OnnxExternalData(string path)
{
    private const int MostFiles = 256; // each of which is kept open
    private const string Remedy =
        "Put the file of the numbers beside the ONNX file, or save both as one in Python: "
            + "onnx.save_model(onnx.load('model.onnx'), 'whole.onnx').";

    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);

    /// <summary>The open files, in the order in which they were met. The caller closes them.</summary>
    public List<SafeFileHandle> Files { get; } = [];

    /// <summary>
    /// Returns the number of the file in which a tensor lies, counted from 1, and the position of its first byte.
    /// Throws <see cref="MarrowException"/> when the file is not there, is not beside the ONNX file, or is too short.
    /// </summary>
    /// <param name="place">What the tensor says of its place, by the standard's keys.</param>
    /// <param name="bytes">The size of its numbers, by its shape and type.</param>
    public (int File, long Start) Find(string tensor, IReadOnlyDictionary<string, string> place, long bytes)
    {
        var location = place.GetValueOrDefault("location", "");
        if (location.StartsWith("./", StringComparison.Ordinal))
            location = location[2..]; // the same folder
        if (!ShardIndex.IsPlain(location))
            throw MarrowException.Bad(
                path,
                "weights in the file itself or in a file beside it",
                location.Length == 0
                    ? $"'{tensor}' in a file that is not named"
                    : $"'{tensor}' in '{PyTorch.PickleReader.Shown(location)}'",
                Remedy);
        if (!_numbers.TryGetValue(location, out var number))
            _numbers[location] = number = Open(location, tensor);
        var start = Number(place, "offset", tensor) ?? 0;
        if (Number(place, "length", tensor) is { } length && length != bytes)
            throw MarrowException.Damaged(
                path, $"{bytes} bytes of '{tensor}', by its shape", $"a length of {length}", Remedy);
        var available = RandomAccess.GetLength(Files[number - 1]);
        return bytes <= available && start <= available - bytes
            ? (number, start)
            : throw MarrowException.Damaged(
                path,
                $"{bytes} bytes of '{tensor}' at {start} in '{PyTorch.PickleReader.Shown(location)}'",
                $"a file of {available} bytes",
                "It is cut short or of another model: fetch both files again.");
    }

    private int Open(string location, string tensor)
    {
        var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, location);
        if (!File.Exists(beside))
            throw MarrowException.NotFound(
                path,
                $"the file '{PyTorch.PickleReader.Shown(location)}' beside it, in which '{tensor}' lies",
                "none",
                Remedy);
        if (Files.Count == MostFiles)
            throw MarrowException.Bad(path, $"weights in at most {MostFiles} files", "more", Remedy);
        Files.Add(WeightFile.OpenFile(beside));
        return Files.Count;
    }

    private long? Number(IReadOnlyDictionary<string, string> place, string key, string tensor) =>
        !place.TryGetValue(key, out var text) || text.Length == 0
            ? null
            : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw MarrowException.Damaged(
                    path,
                    $"the {key} of '{tensor}' as a number of 0 or more",
                    $"'{PyTorch.PickleReader.Shown(text)}'",
                    Remedy);
}

using System.Text;

namespace Marrow.Weights;

/// <summary>
/// Recognises what a file is by its first bytes, since people get web pages, pointers, archives and foreign weights
/// with every file ending.
/// </summary>
internal static class FileKinds
{
    /// <summary>The number of first bytes that are examined. The title of a page stands among them.</summary>
    public const int Bytes = 4096;

    public const string Convert =
        "Weights are read from safetensors files, from those of torch.save (.pth, .pt, .ckpt, .bin) and from ONNX "
            + "files: save them in one of these forms with the program that wrote the file.";
    private const string Unpack = "Unpack it, and name the file of weights that is in it.";

    /// <summary>
    /// The marks of known formats: the bytes that a file has at a fixed position, as the format's own documentation
    /// gives them.
    /// </summary>
    private static readonly (int At, byte[] Mark, string Kind, string Remedy)[] Marks =
    [
        (
            0,
            [0x89, (byte)'H', (byte)'D', (byte)'F', 0x0D, 0x0A, 0x1A, 0x0A],
            "an HDF5 file, in which Keras and TensorFlow save weights",
            Convert),
        (0, [0x1F, 0x8B], "a gzip archive", Unpack),
        (0, "BZh"u8.ToArray(), "a bzip2 archive", Unpack),
        (0, [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "an xz archive", Unpack),
        (0, [0x28, 0xB5, 0x2F, 0xFD], "a Zstandard archive", Unpack),
        (0, [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C], "a 7z archive", Unpack),
        (0, "Rar!"u8.ToArray(), "a RAR archive", Unpack),
        (0, [0x93, .. "NUMPY"u8], "an array of NumPy", Convert),
        (0, "GGUF"u8.ToArray(), "a GGUF file of language models", Convert),
        (0, "MATLAB 5.0"u8.ToArray(), "a MATLAB file", Convert),
        (4, "TFL3"u8.ToArray(), "a TensorFlow Lite model", Convert),
        (0, [0x89, .. "PNG"u8], "a PNG image", "Name the file of weights."),
        (0, [0xFF, 0xD8, 0xFF], "a JPEG image", "Name the file of weights."),
        (128, "DICM"u8.ToArray(), "a DICOM image", "Name the file of weights."),
        (0, "%PDF"u8.ToArray(), "a PDF document", "Name the file of weights."),
        (
            0,
            "version https://git-lfs"u8.ToArray(),
            "a pointer of Git LFS, which names the file and is not it",
            "Fetch the file itself: git lfs pull in its repository, or the site's own download."),
        (0, "model_checkpoint_path:"u8.ToArray(), "the index of a TensorFlow checkpoint", Convert),
        (0, [0x12, 0x01, 0, 0, 0, 0, 0, 0], "the parameters of an MXNet model", Convert),
    ];

    private const int TarBlock = 512, TarMarkAt = 257, TarSumAt = 148;
    private const int ShortestModel = 16; // bytes, of protocol buffers

    /// <summary>
    /// Describes a file that can't be read and what to do about it; null for readable weights, and for bytes that are
    /// not recognised.
    /// </summary>
    /// <param name="start">The first <see cref="Bytes"/> bytes, or the whole file when it is shorter.</param>
    public static (string Kind, string Remedy)? Foreign(ReadOnlySpan<byte> start)
    {
        if (start.IsEmpty)
            return ("an empty file", "Fetch or save it again.");
        foreach (var (at, mark, kind, remedy) in Marks)
        {
            if (start.Length > at && start[at..].StartsWith(mark))
                return (kind, remedy);
        }
        if (IsTar(start))
        {
            return
                start.StartsWith("sys_info"u8)
                || start.StartsWith("storages"u8)
                || start.StartsWith("tensors"u8)
                || start.StartsWith("pickle\0"u8)
                ? (
                    "the tar form that PyTorch had before 0.1.10, of 2017",
                    "Load it in Python, where you trust it, with a PyTorch of that time, and save its state dict anew "
                        + "with torch.save."
                )
                : ("a tar archive", Unpack);
        }
        return Zip(start) ?? TextKinds.Of(start) ?? ProtocolBuffers(start) ?? Zeros(start);
    }

    /// <summary>
    /// Returns true for the beginning of a safetensors file: the length of a header that starts with a brace.
    /// </summary>
    public static bool IsSafetensors(ReadOnlySpan<byte> start) =>
        start.Length > sizeof(ulong)
        && BitConverter.ToUInt64(start) <= SafetensorsHeader.MaxBytes
        && start[sizeof(ulong)] == '{';

    /// <summary>
    /// Returns true for the beginning of an ONNX ModelProto: its version (field 1, at least 3) and then the producer's
    /// name or the graph.
    /// </summary>
    public static bool IsOnnx(ReadOnlySpan<byte> start) => start.Length >= ShortestModel
        && start[0] == 0x08
        && start[1] is >= 3 and < 32
        && start[2] is 0x12 or 0x1A or 0x22 or 0x2A or 0x32 or 0x3A or 0x42;

    /// <summary>Shows a file's first bytes in hexadecimal, for messages about files of an unknown kind.</summary>
    public static string Hex(ReadOnlySpan<byte> start) =>
        System.Convert.ToHexString(start[..Math.Min(start.Length, 8)]);

    /// <summary>
    /// Recognises a tar archive by its mark or, for the forms before POSIX, by the sum of its header's bytes in octal
    /// digits.
    /// </summary>
    private static bool IsTar(ReadOnlySpan<byte> start)
    {
        if (start.Length < TarBlock)
            return false;
        if (start[TarMarkAt..].StartsWith("ustar"u8))
            return true;
        var digits = Encoding.ASCII.GetString(start.Slice(TarSumAt, 8)).Trim('\0', ' ');
        if (digits.Length is 0 or > 7 || digits.Any(c => c is < '0' or > '7'))
            return false;
        var sum = 8 * ' ';
        for (var i = 0; i < TarBlock; i++)
            sum += i is >= TarSumAt and < TarSumAt + 8 ? 0 : start[i];
        return sum == System.Convert.ToInt32(digits, 8);
    }

    /// <summary>
    /// Names the kind of a zip that torch.save did not write. In those of torch.save all records lie in one folder.
    /// </summary>
    private static (string, string)? Zip(ReadOnlySpan<byte> start)
    {
        const int NameLengthAt = 26, NameAt = 30;
        if (!start.StartsWith("PK\u0003\u0004"u8) || start.Length < NameAt)
            return null;
        var name = Encoding.Latin1.GetString(
            start.Slice(NameAt, Math.Min(start[NameLengthAt] | start[NameLengthAt + 1] << 8, start.Length - NameAt)));
        if (name.EndsWith(".npy", StringComparison.Ordinal))
            return ("an archive of NumPy's arrays (.npz)", Convert);
        if (name is "metadata.json" or "config.json" or "model.weights.h5")
            return ("a model of Keras (.keras)", Convert);
        return name.Contains('/', StringComparison.Ordinal) && !name.EndsWith('/')
            ? null
            : (
                $"a zip archive that torch.save did not write (it begins with '{PyTorch.PickleReader.Shown(name)}')",
                Unpack);
    }

    /// <summary>Recognises a file that was laid out before its content came, and never got it.</summary>
    private static (string, string)? Zeros(ReadOnlySpan<byte> start) =>
        start.Length < ShortestModel || start.ContainsAnyExcept((byte)0)
            ? null
            : ("a file that begins with zeros, as a download that was broken off leaves them", "Fetch it again.");

    /// <summary>
    /// Recognises what has no mark at its beginning: by its last bytes the table in which TensorFlow keeps a checkpoint
    /// or its index (tensorflow/tsl/lib/io/format.h), by its name the data beside that index. Null for anything else.
    /// </summary>
    /// <param name="end">The last 8 bytes, or the whole file when it is shorter.</param>
    public static (string Kind, string Remedy)? ForeignEnd(string path, ReadOnlySpan<byte> end) =>
        end.SequenceEqual(TableMark) ? ("a checkpoint of TensorFlow, or the index of one", Convert)
        : Path.GetFileName(path).Contains(".data-00", StringComparison.Ordinal)
            ? ("the data of a TensorFlow checkpoint", Convert)
        : null;

    private static ReadOnlySpan<byte> TableMark => [0x57, 0xFB, 0x80, 0x8B, 0x24, 0x75, 0x47, 0xDB];

    /// <summary>
    /// Recognises TensorFlow's SavedModel, which begins with version 1 and a graph, and its GraphDef, which begins with
    /// a node whose first field is its name.
    /// </summary>
    private static (string, string)? ProtocolBuffers(ReadOnlySpan<byte> start)
    {
        if (start.Length < ShortestModel)
            return null;
        if (start[0] == 0x08 && start[1] == 1 && start[2] == 0x12)
            return ("a SavedModel of TensorFlow", Convert);
        if (start[0] != 0x0A)
            return null;
        var at = 1;
        while (at < 6 && start[at] >= 0x80)
            at++;
        at++;
        return
            start[at] == 0x0A
            && start[at + 1] is > 0 and < 128
            && start.Length > at + 2
            && start[at + 2] is >= (byte)' ' and < 0x7F
            ? ("a graph of TensorFlow", Convert)
            : null;
    }
}

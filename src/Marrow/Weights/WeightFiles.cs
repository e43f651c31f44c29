using Marrow.Weights.Onnx;
using Marrow.Weights.PyTorch;

namespace Marrow.Weights;

/// <summary>Files of weights by what is in them: a name such as "model.pth.tar" or "last.ckpt" says nothing.</summary>
internal static class WeightFiles
{
    /// <summary>Endings under which files of weights are found, to tell them from names of checkpoints.</summary>
    private static readonly string[] Endings =
    [
        ".safetensors",
        ".pth",
        ".pt",
        ".ckpt",
        ".tar",
        ".bin",
        ".th",
        ".pkl",
        ".onnx",
        ".h5",
    ];

    public static bool HasEnding(string path) => Endings.Contains(Path.GetExtension(path).ToLowerInvariant());

    /// <summary>
    /// Opens a file of weights, which the caller disposes. Throws <see cref="MarrowException"/> for anything but
    /// weights of PyTorch, safetensors or ONNX; the message says what the file is, if that can be recognised.
    /// </summary>
    public static WeightFile Open(string path)
    {
        var start = Start(path);
        if (FileKinds.IsSafetensors(start))
            return Safetensors.Open(path);
        if (PyTorchWeights.Begins(start))
            return PyTorchWeights.Open(path);
        if (FileKinds.IsOnnx(start))
            return OnnxWeights.Open(path);
        throw Refusal(path, start);
    }

    /// <summary>Returns the error for a file that begins with these bytes.</summary>
    public static MarrowException Refusal(string path, ReadOnlySpan<byte> start)
    {
        const string expected = "weights of PyTorch, safetensors or ONNX";
        if (FileKinds.Foreign(start) is var (kind, remedy))
            return MarrowException.Unsupported(path, expected, kind, remedy);
        return start[0] == (byte)PickleOpcode.Proto
            ? MarrowException.Unsupported(path, expected, "a pickle of Python that torch.save did not write",
                "Nothing in it was run. Save the weights in Python, where you trust it: "
                    + "torch.save(model.state_dict(), 'weights.pth')."
            )
            : MarrowException.Damaged(path, expected, $"a file that starts with {FileKinds.Hex(start)}",
                "It is damaged, cut short or of another kind: fetch or save it again.");
    }

    private static byte[] Start(string path)
    {
        try
        {
            using var stream = InputFile.Open(path, InputFile.AnySize, 1);
            var start = new byte[FileKinds.Bytes];
            return start[..stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check the path and its permissions.", e);
        }
    }
}

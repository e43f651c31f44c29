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

    /// <summary>
    /// Returns true for what may be the path of a file of weights, also with a part ("last.ckpt#ema").
    /// </summary>
    public static bool HasEnding(string reference) => WeightReference.Readings(reference).Any(r =>
        Endings.Contains(Path.GetExtension(r.Path).ToLowerInvariant())
        || r.Path.EndsWith(ShardIndex.Ending, StringComparison.OrdinalIgnoreCase));

    /// <summary>
    /// Opens a file of weights, an index of several, or a folder with either; the caller disposes it. Throws
    /// <see cref="MarrowException"/> for anything but weights of PyTorch, safetensors or ONNX, and for quantised ones;
    /// the message says what the file is, if that can be recognised.
    /// </summary>
    /// <param name="part">
    /// The set of weights that is meant when the file has several, such as "ema"; null to choose by the names that
    /// training programs use (see <see cref="WeightParts"/>).
    /// </param>
    public static WeightFile Open(string path, string? part = null)
    {
        if (Directory.Exists(path) && WeightFolder.Find(path) is { } found)
            path = found;
        var file = OpenAny(path, part, mayBeIndex: true);
        file.Part = part;
        try
        {
            QuantizedWeights.Refuse(file);
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static WeightFile OpenAny(string path, string? part, bool mayBeIndex)
    {
        var start = Start(path);
        WeightFile? file = FileKinds.IsSafetensors(start) ? Safetensors.Open(path)
            : PyTorchWeights.Begins(start) ? PyTorchWeights.Open(path, part)
            : FileKinds.IsOnnx(start) ? OnnxWeights.Open(path)
            : mayBeIndex && ShardIndex.Read(path, start) is { } index
                ? ShardedWeights.Open(path, index, shard => OpenAny(shard, part, mayBeIndex: false))
            : null;
        if (file is null)
            throw Refusal(path, start);
        if (file is not (PyTorchWeights or ShardedWeights))
            file.KeyPart = part;
        return file;
    }

    /// <summary>Returns the error for a file that begins with these bytes.</summary>
    public static MarrowException Refusal(string path, ReadOnlySpan<byte> start)
    {
        const string expected = "weights of PyTorch, safetensors or ONNX";
        if ((FileKinds.Foreign(start) ?? FileKinds.ForeignEnd(path, End(path))) is var (kind, remedy))
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
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException
            && TextKinds.BrokenLink(path) is var (kind, remedy))
        {
            throw MarrowException.NotFound(path, "weights of PyTorch, safetensors or ONNX", kind, remedy, e);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}). Check the path and its permissions.", e);
        }
    }

    /// <summary>Returns the last bytes of a file that was opened before.</summary>
    private static byte[] End(string path)
    {
        const int Bytes = 8;
        try
        {
            using var stream = InputFile.Open(path, InputFile.AnySize, 1);
            stream.Seek(-Math.Min(Bytes, stream.Length), SeekOrigin.End);
            var end = new byte[Bytes];
            return end[..stream.ReadAtLeast(end, end.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

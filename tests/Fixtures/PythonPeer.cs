using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using static TorchSharp.torch;

namespace Marrow.Tests;

/// <summary>
/// Debian's python3-torchvision as an independent implementation. Tensors go both ways as .npy files in a folder of
/// their own; a script finds them with <c>get(name)</c> and answers with <c>put(name, array)</c>.
/// </summary>
internal sealed partial class PythonPeer : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("marrow-peer-").FullName;

    /// <summary>Skips the test, with the reason, where torchvision is absent.</summary>
    public PythonPeer()
    {
        Assert.SkipUnless(PythonServer.Has("torchvision"), "python3-torchvision is absent.");
    }

    public void Put(string name, Tensor tensor)
    {
        using var cpu = tensor.detach().cpu().contiguous();
        var type = cpu.dtype switch
        {
            ScalarType.Float32 => "<f4",
            ScalarType.Int64 => "<i8",
            _ => throw new ArgumentException($"No npy type for {cpu.dtype}."),
        };
        var shape = string.Concat(cpu.shape.Select(n => string.Create(CultureInfo.InvariantCulture, $"{n},")));
        var header = $"{{'descr': '{type}', 'fortran_order': False, 'shape': ({shape}), }}";
        header = header.PadRight((10 + header.Length + 1 + 63) / 64 * 64 - 11) + "\n";
        using var file = File.Create(Path.Combine(_folder, name + ".npy"));
        file.Write([
            0x93,
            (byte)'N',
            (byte)'U',
            (byte)'M',
            (byte)'P',
            (byte)'Y',
            1,
            0,
            (byte)header.Length,
            (byte)(header.Length >> 8),
        ]);
        file.Write(Encoding.ASCII.GetBytes(header));
        file.Write(cpu.bytes);
    }

    public Tensor Get(string name)
    {
        var bytes = File.ReadAllBytes(Path.Combine(_folder, name + ".npy"));
        var length = BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(8));
        var header = Encoding.ASCII.GetString(bytes, 10, length);
        var shape = ShapePattern()
            .Match(header)
            .Groups[1]
            .Value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(n => long.Parse(n, CultureInfo.InvariantCulture)).ToArray();
        var body = bytes.AsSpan(10 + length);
        return header.Contains("<f4", StringComparison.Ordinal)
            ? tensor(MemoryMarshal.Cast<byte, float>(body).ToArray()).reshape(shape)
            : tensor(MemoryMarshal.Cast<byte, long>(body).ToArray()).reshape(shape);
    }

    /// <summary>Runs the script; its standard output.</summary>
    public string Run(string script)
    {
        const string prelude = """
            import sys, numpy as np, torch, torchvision
            torch.manual_seed(0)
            def get(name): return torch.from_numpy(np.load(f'{sys.argv[1]}/{name}.npy'))
            def put(name, t):
                a = t.detach().numpy() if torch.is_tensor(t) else np.asarray(t)
                np.save(f'{sys.argv[1]}/{name}.npy', np.ascontiguousarray(a.astype(np.float32 if a.dtype.kind == 'f' else np.int64)))

            """;
        var (code, output, error) = PythonServer.Run(_folder, prelude + script);
        Assert.True(code == 0, error);
        return output;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [GeneratedRegex(@"'shape': \(([^)]*)\)")]
    private static partial Regex ShapePattern();
}

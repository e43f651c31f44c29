using System.IO.Compression;
using Marrow.Soak;

namespace Marrow.Tests;

/// <summary>Files as torch.save writes them, around any pickle; made by .NET's own zip writer.</summary>
internal static class PyTorchFile
{
    /// <summary>
    /// With the storages that <see cref="PickleWriter.Good"/> names, filled with 0, 1, 2, ... as their types count.
    /// </summary>
    public static byte[] Of(byte[] pickle) =>
        Zip([
            ("weights/data.pkl", pickle),
            ("weights/byteorder", "little"u8.ToArray()),
            .. Storages(),
            ("weights/version", "3\n"u8.ToArray()),
        ]);

    public static IEnumerable<(string Name, byte[] Data)> Storages() =>
    [
        ("weights/data/0", Enumerable.Range(0, 24).SelectMany(i => BitConverter.GetBytes((float)i)).ToArray()),
        ("weights/data/1", Enumerable.Range(0, 6).SelectMany(i => BitConverter.GetBytes((Half)i)).ToArray()),
        ("weights/data/2", BitConverter.GetBytes(7L)),
        ("weights/data/3", [1, 0, 1, 1, 0, 0, 2, 0]),
    ];

    public static byte[] Zip(
        IEnumerable<(string Name, byte[] Data)> entries,
        CompressionLevel level = CompressionLevel.NoCompression)
    {
        using var memory = new MemoryStream();
        using (var zip = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, data) in entries)
            {
                using var stream = zip.CreateEntry(name, level).Open();
                stream.Write(data);
            }
        }
        return memory.ToArray();
    }
}

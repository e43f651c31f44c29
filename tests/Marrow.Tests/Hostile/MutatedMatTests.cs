using System.IO.Compression;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Tests.Checkpoints;
using Marrow.Tests.Datasets;

namespace Marrow.Tests.Hostile;

public sealed class MutatedMatTests
{
    private const int Header = 128;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_mutated_mat_file_is_read_or_refused(bool compressed)
    {
        using var folder = new TemporaryFolder();
        var original = compressed ? Compress(MatFileTests.Hand()) : MatFileTests.Hand();
        File.WriteAllBytes(folder["whole.mat"], original);
        Assert.Equal(6.5, MatFile.ReadMatrix(folder["whole.mat"], "p2")[1, 2]);
        var random = new SeededRandom(3);
        var refused = 0;
        for (var i = 0; i < 2000; i++)
        {
            var bytes = original.ToArray();
            for (var change = random.Next(3); change >= 0; change--)
                bytes[Header + random.Next(bytes.Length - Header)] = (byte)(random.Next(2) == 0 ? random.Next(256) : random.Next(16));
            File.WriteAllBytes(folder["bad.mat"], bytes[..(random.Next(5) == 0 ? random.Next(bytes.Length) : bytes.Length)]);
            try
            {
                MatFile.ReadMatrix(folder["bad.mat"], "p2");
            }
            catch (MarrowException e)
            {
                refused++;
                Assert.StartsWith(folder["bad.mat"], e.Message);
            }
        }
        Assert.InRange(refused, 200, 1999);
    }

    /// <summary>The same variable as a compressed element.</summary>
    private static byte[] Compress(byte[] plain)
    {
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.Fastest, leaveOpen: true))
            zlib.Write(plain.AsSpan(Header));
        return [.. plain[..Header], .. BitConverter.GetBytes(15), .. BitConverter.GetBytes((int)packed.Length), .. packed.ToArray()];
    }
}

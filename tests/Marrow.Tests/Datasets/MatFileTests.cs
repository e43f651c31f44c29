using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Tests.Datasets;

public sealed class MatFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A level 5 file with a 2 x 3 matrix of doubles "p2", byte by byte from MathWorks' description.</summary>
    internal static byte[] Hand()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("MATLAB 5.0 MAT-file".PadRight(124).Select(c => (byte)c).ToArray());
        writer.Write((ushort)0x0100);
        writer.Write("IM"u8);
        writer.Write(14); // miMATRIX
        writer.Write(16 + 16 + 8 + 8 + 48);
        writer.Write(6); // Array flags: class double.
        writer.Write(8);
        writer.Write(6);
        writer.Write(0);
        writer.Write(5); // Dimensions.
        writer.Write(8);
        writer.Write(2);
        writer.Write(3);
        writer.Write((ushort)1); // The name, a small element.
        writer.Write((ushort)2);
        writer.Write("p2\0\0"u8);
        writer.Write(9); // Doubles, column by column.
        writer.Write(48);
        foreach (var value in (double[])[1, 4, 2, 5, 3, 6.5])
            writer.Write(value);
        return stream.ToArray();
    }

    [Fact]
    public void A_matrix_is_read_column_by_column()
    {
        File.WriteAllBytes(_folder["a.mat"], Hand());
        Assert.Equal(new[,] { { 1, 2, 3 }, { 4, 5, 6.5 } }, MatFile.ReadMatrix(_folder["a.mat"], "p2"));
    }

    [Fact]
    public void Files_of_scipy_are_read()
    {
        using var peer = new PythonPeer();
        peer.Run(
            $$"""
            from scipy.io import savemat
            a = np.arange(136).reshape(68, 2)
            for n, c in (('plain', False), ('packed', True)):
                savemat('{{_folder.Path}}/' + n + '.mat', {'note': 'text', 'x': np.eye(3), 'p2': a * 0.5}, do_compression=c)
            savemat('{{_folder.Path}}/bytes.mat', {'p2': a.astype(np.uint8)}, do_compression=True)
            """
        );
        foreach (var (name, scale) in ((string, double)[])[("plain", 0.5), ("packed", 0.5), ("bytes", 1)])
        {
            var matrix = MatFile.ReadMatrix(_folder[name + ".mat"], "p2");
            Assert.Equal((68, 2), (matrix.GetLength(0), matrix.GetLength(1)));
            for (var i = 0; i < 136; i++)
                Assert.Equal(i * scale, matrix[i / 2, i % 2]);
        }
    }

    [Fact]
    public void Another_variable_or_another_kind_of_file_is_refused()
    {
        File.WriteAllBytes(_folder["a.mat"], Hand());
        Assert.Contains(
            "none of that name",
            Assert.Throws<MarrowException>(() => MatFile.ReadMatrix(_folder["a.mat"], "p3")).Message,
            StringComparison.Ordinal);
        File.WriteAllText(_folder["b.mat"], "\x89HDF and more");
        Assert.Contains(
            "level 5",
            Assert.Throws<MarrowException>(() => MatFile.ReadMatrix(_folder["b.mat"], "p2")).Message,
            StringComparison.Ordinal);
        Assert.Throws<MarrowException>(() => MatFile.ReadMatrix(_folder["none.mat"], "p2"));
    }

    [Fact]
    public void A_damaged_file_is_refused_or_read_but_never_breaks_the_reader()
    {
        var whole = Hand();
        var random = new SeededRandom(5);
        for (var round = 0; round < 2000; round++)
        {
            var damaged = whole.ToArray();
            for (var k = random.Next(3); k >= 0; k--)
                damaged[128 + random.Next(whole.Length - 128)] = (byte)random.Next(256);
            File.WriteAllBytes(_folder["a.mat"], damaged[..^random.Next(8)]);
            try
            {
                Assert.InRange(MatFile.ReadMatrix(_folder["a.mat"], "p2").Length, 0, 4096);
            }
            catch (MarrowException)
            {
                // Refused: that is the answer.
            }
        }
    }
}

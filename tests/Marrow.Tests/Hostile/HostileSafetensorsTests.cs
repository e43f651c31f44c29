using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;
using CsCheck;
using Marrow.Weights;
using TorchSharp;

namespace Marrow.Tests.Hostile;

public sealed class HostileSafetensorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private const string Good =
        """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}""";

    private static byte[] FileOf(byte[] header, int dataBytes, ulong? length = null)
    {
        var file = new byte[8 + header.Length + dataBytes];
        BinaryPrimitives.WriteUInt64LittleEndian(file, length ?? (ulong)header.Length);
        header.CopyTo(file, 8);
        return file;
    }

    private static byte[] FileOf(string header, int dataBytes, ulong? length = null) =>
        FileOf(Encoding.UTF8.GetBytes(header), dataBytes, length);

    private string Put(byte[] file)
    {
        var path = _folder[$"{Guid.NewGuid():N}.safetensors"];
        File.WriteAllBytes(path, file);
        return path;
    }

    private string Refuse(byte[] file)
    {
        var path = Put(file);
        var watch = Stopwatch.StartNew();
        var error = Assert.Throws<MarrowException>(() => Safetensors.Open(path).Dispose());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"{watch.Elapsed}"); // milliseconds on an idle machine
        Assert.StartsWith(path, error.Message, StringComparison.Ordinal);
        return error.Message;
    }

    [Fact]
    public void The_file_that_the_mutations_start_from_is_good()
    {
        using var read = Safetensors.Open(Put(FileOf(Good, 19)));
        Assert.Equal(["a", "b"], read.Entries.Select(e => e.Name));
        using var spaced = Safetensors.Open(Put(FileOf(Good + "   ", 19)));
        using var none = Safetensors.Open(Put(FileOf("{}", 0)));
        Assert.Empty(none.Entries);
    }

    [Theory]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""",
        12,
        "holes"
    )]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", 8, "holes")]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}""",
        12,
        "overlap"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""",
        8,
        "overlap"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        8,
        "'a' twice"
    )]
    [InlineData(
        """{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\u0061":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""",
        8,
        "'a' twice"
    )]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", 4, "'shape'")]
    [InlineData("""{"__metadata__":{"x":"1","x":"2"}}""", 0, "'x' twice")]
    [InlineData("""{"__metadata__":{"x":1}}""", 0, "String as metadata")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}""", 12, "within")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}""", 16, "bytes of data")]
    [InlineData("""{}""", 1, "bytes of data")]
    [InlineData("""{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,11]}}""", 11, "12 bytes")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", 4, "begin before it ends")]
    [InlineData("""{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}""", 4, "found -1")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", 4, "found -4")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", 4, "found 1.5")]
    [InlineData("""{"a":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", 4, "found String")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,9223372036854775808]}}""", 4, "2^63-1")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,1e400]}}""", 4, "1e400")]
    [InlineData("""{"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}""", 4, "more than 2^63")]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[4294967296,4294967297],"data_offsets":[0,4294967296]}}""",
        4,
        "more than 2^63"
    )]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[0,9223372036854775807,9223372036854775807],"data_offsets":[0,0]}}""",
        0,
        "more than 2^63"
    )]
    [InlineData(
        """{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""",
        4,
        "within"
    )]
    [InlineData("""{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}""", 1, "known type")]
    [InlineData("""{"a":{"dtype":"f32","shape":[1],"data_offsets":[0,4]}}""", 4, "known type")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1]}}""", 4, "one missing")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""", 4, "one missing")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4,4]}}""", 4, "at most 2")]
    [InlineData("""{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"extra":1}}""", 4, "'extra'")]
    [InlineData("""{"a":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}""", 4, "String as dtype")]
    [InlineData("""{"a":[]}""", 0, "StartObject")]
    [InlineData("""[]""", 0, "'{'")]
    [InlineData(""" {}""", 0, "'{'")]
    [InlineData("""{} {}""", 0, "valid JSON")]
    [InlineData("""{"a":""", 0, "valid JSON")]
    [InlineData("""{"\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", 4, "valid JSON")]
    [InlineData("", 0, "empty")]
    public void Each_broken_rule_has_its_own_error(string header, int dataBytes, string cause) =>
        Assert.Contains(cause, Refuse(FileOf(header, dataBytes)), StringComparison.Ordinal);

    [Theory]
    [InlineData(0ul)]
    [InlineData(1000ul)]
    [InlineData(100_000_001ul)]
    [InlineData(0x7FFF_FFFF_FFFF_FFFFul)]
    [InlineData(0xFFFF_FFFF_FFFF_FFFFul)]
    public void A_header_length_that_can_not_be_is_refused_before_anything_is_allocated(ulong length)
    {
        var file = FileOf(Good, 19, length);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Refuse(file);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var file = FileOf(Good, 19);
        for (var length = 0; length < file.Length; length++)
            Refuse(file[..length]);
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused()
    {
        var header = Encoding.UTF8.GetBytes(Good);
        header[Array.IndexOf(header, (byte)'b')] = 0xFF;
        Assert.Contains("UTF-8", Refuse(FileOf(header, 19)), StringComparison.Ordinal);
    }

    [Fact]
    public void Deep_JSON_is_refused_quickly()
    {
        var open = string.Concat(Enumerable.Repeat("{\"a\":", 1_000_000));
        Refuse(FileOf(open, 0));
        Refuse(FileOf("{\"a\":{\"shape\":" + new string('[', 5_000_000), 0));
    }

    [Fact]
    public void Endless_shapes_names_and_entries_are_refused_or_read_quickly()
    {
        Assert.Contains(
            "at most 32",
            Refuse(
                FileOf(
                    "{\"a\":{\"dtype\":\"U8\",\"shape\":["
                        + string.Join(',', Enumerable.Repeat("1", 1_000_000))
                        + "],\"data_offsets\":[0,1]}}",
                    1)),
            StringComparison.Ordinal);
        var longName = new string('x', 5_000_000);
        Assert.True(Refuse(FileOf($"{{\"{longName}\":1}}", 0)).Length < 1000);
        var many = string.Join(
            ',',
            Enumerable
                .Range(0, 100_000)
                .Select(i => $"\"t{i}\":{{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}"));
        using var read = Safetensors.Open(Put(FileOf("{" + many + "}", 0)));
        Assert.Equal(100_000, read.Entries.Count);
    }

    [Fact]
    public void What_is_no_file_is_an_error()
    {
        Assert.Throws<MarrowException>(() => Safetensors.Open(_folder["absent.safetensors"]));
        Assert.Throws<MarrowException>(() => Safetensors.Open(_folder.Path));
        Assert.Throws<MarrowException>(() => Safetensors.Open(""));
        if (OperatingSystem.IsLinux())
            Assert.Throws<MarrowException>(() => Safetensors.Open("/dev/null"));
    }

    [Fact]
    public void Booleans_of_other_bytes_than_0_and_1_are_true()
    {
        var file = FileOf("""{"x":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}""", 3);
        (file[^3], file[^2], file[^1]) = (0, 1, 255);
        using var read = Safetensors.Open(Put(file));
        using var x = read.Read("x");
        Assert.Equal([false, true, true], x.data<bool>().ToArray());
    }

    private static readonly string[] Pieces =
    [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "\\u0000",
        "-1",
        "0",
        "1e9",
        "99999999999999999999",
        "4294967296",
        "null",
        "\"F32\"",
        "\"BF16\"",
        "\"shape\"",
        "\"data_offsets\"", "\"dtype\"", "\"__metadata__\"", "[0,16]", "{}", "\0", "\uFFFF", "  ",
    ];

    private static readonly Gen<Func<byte[], byte[]>> Mutation = Gen.Select(
            Gen.Int[0, 4],
            Gen.Int[0, 1 << 20],
            Gen.Int[0, 1 << 20],
            Gen.Byte,
            Gen.Int[0, Pieces.Length - 1])
        .Select((kind, a, b, value, piece) => new Func<byte[], byte[]>(bytes =>
        {
            if (bytes.Length == 0)
                return bytes;
            var at = a % bytes.Length;
            var end = Math.Min(bytes.Length, at + b % 12);
            return kind switch
            {
                0 => [.. bytes[..at], (byte)(bytes[at] ^ (1 << (value & 7))), .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], value, .. bytes[(at + 1)..]],
                2 => [.. bytes[..at], .. bytes[end..]],
                3 => [.. bytes[..at], .. Encoding.UTF8.GetBytes(Pieces[piece]), .. bytes[at..]],
                _ => [.. bytes[..end], .. bytes[at..]],
            };
        }));

    [Fact]
    public void Mutated_headers_are_read_or_refused_and_nothing_else()
    {
        var outcomes = new int[2];
        Mutation.Array[1, 4].Sample(mutations =>
        {
            var header = mutations.Aggregate(Encoding.UTF8.GetBytes(Good), (bytes, mutate) => mutate(bytes));
            try
            {
                var (entries, _) = SafetensorsHeader.Decode(header, 19, "mutated");
                Assert.Equal(19, entries.Sum(e => e.Bytes));
                outcomes[0]++;
            }
            catch (MarrowException)
            {
                outcomes[1]++;
            }
        }, iter: 5000, threads: 1);
        Assert.True(outcomes[1] > 3000 && outcomes[0] > 20, $"read {outcomes[0]}, refused {outcomes[1]}");
    }

    [Fact]
    public void Whatever_is_read_after_a_mutation_of_the_whole_file_stays_within_it()
    {
        using var x = torch.arange(30, dtype: torch.ScalarType.Float32).view(5, 6);
        Safetensors.Write(_folder["base.safetensors"], [new("x", x), new("y", x.to(torch.ScalarType.BFloat16))]);
        var original = File.ReadAllBytes(_folder["base.safetensors"]);
        var path = _folder["whole.safetensors"];
        Mutation.Array[1, 3].Sample(mutations =>
        {
            var file = mutations.Aggregate(original, (bytes, mutate) => mutate(bytes));
            File.WriteAllBytes(path, file);
            try
            {
                using var read = Safetensors.Open(path);
                Assert.True(read.Entries.Sum(e => e.Bytes) < file.Length);
                foreach (var entry in read.Entries)
                    read.Read(entry.Name).Dispose();
            }
            catch (MarrowException)
            {
                // The other allowed outcome.
            }
        }, iter: 1000, threads: 1);
    }
}

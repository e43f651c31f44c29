using System.Buffers.Binary;
using System.Text;
using Marrow.Imaging;

namespace Marrow.Soak;

/// <summary>
/// Damage to safetensors headers and files: flipped bits, pieces cut, copied and moved, numbers made extreme, names and
/// keys twice, deep nesting, bytes that are no UTF-8, wrong lengths. Each case takes one to four steps from a good one.
/// </summary>
internal static class SafetensorsMutation
{
    private const int MostSteps = 4;
    private const int LongestPiece = 64;
    private const int DeepestNesting = 3000; // tokens; a reader's limit is 64
    private const int LargestCase = 1 << 16; // bytes; keeps ten million cases quick

    /// <summary>Good headers with the bytes of data that they tell of.</summary>
    private static readonly (byte[] Header, long DataBytes)[] Seeds =
    [
        Seed(
            """{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"U8","shape":[3],"data_offsets":[16,19]}}""",
            19),
        Seed("{}      ", 0),
        Seed(
            """{"features.conv0.weight":{"dtype":"BF16","shape":[4,1,3,3],"data_offsets":[0,72]},"features.norm0.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[72,80]},"none":{"dtype":"F64","shape":[0,7],"data_offsets":[80,80]},"classifier.bias":{"dtype":"F16","shape":[5],"data_offsets":[80,90]}}""",
            90),
        Seed(
            """{"__metadata__":{"name":"R\u00f6ntgen \u2028 \"x\"","a":"b","":""}, "\u00fc\ud83e\uddb4" : {"shape":[1,1,1],"data_offsets":[0,1],"dtype":"BOOL"}, "":{"dtype":"I8","data_offsets":[1,4],"shape":[3]}}""",
            4),
        Seed(
            "{"
                + string.Join(
                    ',',
                    Enumerable
                        .Range(0, 24)
                        .Select(i =>
                            $"\"blocks.{i}.weight\":{{\"dtype\":\"I32\",\"shape\":[{i},1],"
                                + $"\"data_offsets\":[{i * (i - 1) / 2 * 4},{i * (i + 1) / 2 * 4}]}}"))
                + "}",
            24 * 23 / 2 * 4),
    ];

    private static readonly byte[][] Pieces =
    [
        .. new[]
        {
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\\",
            "\\u0000",
            "\\ud800",
            "null",
            "true",
            "NaN",
            "-",
            ".",
            "e",
            " ",
            "\n",
            "\t",
            "/*",
            "//",
            "\0",
            "\uFEFF",
            "\uFFFF",
            "\"F32\"",
            "\"BF16\"",
            "\"F8_E4M3\"",
            "\"f32\"",
            "\"shape\"",
            "\"shape\":[1],",
            "\"data_offsets\":[0,0],",
            "\"dtype\":\"U8\",",
            "\"__metadata__\":{},",
            "\"__metadata__\":{\"x\":1},",
            "\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]},", "[0,16]", "{}", "[]",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF],
        [0xC0, 0x80],
        [0xED, 0xA0, 0x80],
        [0xF4, 0x90, 0x80, 0x80],
        [0xE2, 0x82],
        [0x80], // no UTF-8: an impossible byte, overlong, a lone surrogate, past the end, cut short, a stray rest
    ];

    private static readonly byte[][] Numbers =
    [
        .. new[]
        {
            "0",
            "-0",
            "-1",
            "1",
            "2",
            "7",
            "16",
            "00",
            "01",
            "1.0",
            "1e0",
            "1e1",
            "1E400",
            "1e-1",
            "2147483647",
            "2147483648",
            "4294967295",
            "4294967296",
            "4611686018427387904",
            "9223372036854775807",
            "9223372036854775808",
            "18446744073709551615",
            "18446744073709551616",
            "-9223372036854775808",
            "340282366920938463463374607431768211456",
            "+1",
            "0x10",
        }.Select(Encoding.ASCII.GetBytes),
        Encoding.ASCII.GetBytes(new string('9', 400)),
    ];

    public static (byte[] Header, long DataBytes) Header(SeededRandom random)
    {
        var (seed, dataBytes) = Seeds[random.Next(Seeds.Length)];
        var header = Mutate([.. seed], random);
        if (random.Next(16) == 0)
            dataBytes = random.Next(3) switch
            {
                0 => dataBytes + random.Next(5) - 2,
                1 => random.Next(100),
                _ => long.MaxValue,
            };
        return ([.. header], Math.Max(0, dataBytes));
    }

    /// <summary>
    /// A whole file. In a quarter of the cases only the tensors' bytes change, which is no damage that a reader can
    /// see; in half of the others the length in front is mended, so that what follows is looked at.
    /// </summary>
    public static byte[] Bytes(byte[] good, SeededRandom random)
    {
        if (random.Next(4) == 0)
        {
            byte[] changed = [.. good];
            var body = 8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(good);
            for (var flips = 1 + random.Next(MostSteps); flips > 0; flips--)
                changed[body + random.Next(good.Length - body)] ^= (byte)(1 << random.Next(8));
            return changed;
        }
        var file = Mutate([.. good], random);
        if (random.Next(2) == 0 && file.Count > 8)
        {
            var end = file.LastIndexOf((byte)'}');
            var header = Math.Max(0, end + 1 - 8);
            for (var i = 0; i < 8; i++)
                file[i] = (byte)((ulong)header >> (8 * i));
        }
        return [.. file];
    }

    private static List<byte> Mutate(List<byte> bytes, SeededRandom random)
    {
        var steps = random.Next(2) == 0 ? 1 : 1 + random.Next(MostSteps);
        for (var step = 0; step < steps && bytes.Count is > 0 and < LargestCase; step++)
            Step(bytes, random);
        return bytes;
    }

    private static void Step(List<byte> bytes, SeededRandom random)
    {
        var at = random.Next(bytes.Count);
        var length = Math.Min(1 + random.Next(LongestPiece), bytes.Count - at);
        switch (random.Next(12))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.RemoveRange(at, bytes.Count - at); // cut short
                break;
            case 4:
                bytes.InsertRange(random.Next(bytes.Count), bytes.GetRange(at, length)); // a piece twice
                break;
            case 5:
                var other = Seeds[random.Next(Seeds.Length)].Header; // a piece of another
                var from = random.Next(other.Length);
                bytes.InsertRange(at, other.AsSpan(from, Math.Min(length, other.Length - from)).ToArray());
                break;
            case 6 or 7:
                ReplaceNumber(bytes, at, random);
                break;
            case 8 or 9:
                bytes.InsertRange(at, Pieces[random.Next(Pieces.Length)]);
                break;
            case 10:
                RepeatEntry(bytes, at, random);
                break;
            default:
                if (random.Next(8) == 0)
                    bytes.InsertRange(
                        at,
                        Enumerable
                            .Repeat(
                                random.Next(2) == 0 ? "["u8.ToArray() : "{\"a\":"u8.ToArray(),
                                1 + random.Next(DeepestNesting))
                            .SelectMany(b => b)
                            .ToArray());
                else
                    bytes.InsertRange(at, Enumerable.Repeat((byte)" 0a]}"[random.Next(5)], length).ToArray());
                break;
        }
    }

    /// <summary>The next number from there on becomes another.</summary>
    private static void ReplaceNumber(List<byte> bytes, int from, SeededRandom random)
    {
        var start = bytes.FindIndex(from, b => char.IsAsciiDigit((char)b));
        if (start < 0)
            return;
        var end = start;
        while (end < bytes.Count && char.IsAsciiDigit((char)bytes[end]))
            end++;
        bytes.RemoveRange(start, end - start);
        bytes.InsertRange(start, Numbers[random.Next(Numbers.Length)]);
    }

    /// <summary>An entry, or what looks like one, is there twice.</summary>
    private static void RepeatEntry(List<byte> bytes, int from, SeededRandom random)
    {
        var start = bytes.IndexOf((byte)'"', from);
        var end = start < 0 ? -1 : bytes.IndexOf((byte)'}', start);
        if (end < 0)
            return;
        var entry = bytes.GetRange(start, end + 1 - start);
        entry.Add((byte)',');
        bytes.InsertRange(random.Next(2) == 0 ? start : Math.Min(1, bytes.Count), entry);
    }

    private static (byte[] Header, long DataBytes) Seed(string header, long dataBytes) =>
        (Encoding.UTF8.GetBytes(header), dataBytes);
}

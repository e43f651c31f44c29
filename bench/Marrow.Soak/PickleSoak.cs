using System.Diagnostics;
using System.Numerics;
using Marrow.Imaging;
using Marrow.Weights;
using Marrow.Weights.PyTorch;

namespace Marrow.Soak;

/// <summary>
/// Pickles of PyTorch's weights with flipped bits, instructions exchanged, parts cut out, repeated and taken from
/// others. Each is read or refused: no crash, nothing longer than two seconds, no memory beyond its size and a
/// constant, and every tensor that is read lies within its storage, by arithmetic of its own.
/// </summary>
public static class PickleSoak
{
    private const int MostMutations = 4;
    private const long MostMilliseconds = 2000;
    private const long MostBytes = 1 << 20, MostBytesPerByte = 256; // allocated, for a pickle of one byte
    private const long SayEach = 100_000;

    /// <summary>What an attacker would put in.</summary>
    private static readonly byte[][] Fragments =
    [
        "cposix\nsystem\nX\x04\0\0\0true\x85R"u8.ToArray(),
        "cbuiltins\neval\n"u8.ToArray(),
        "ios\nsystem\n"u8.ToArray(),
        [0x81],
        [0x82, 1],
        [0x92],
        [(byte)'o'],
        [(byte)'('],
        "ccollections\nOrderedDict\n)R"u8.ToArray(),
        [0x94],
        [(byte)'q', 0, (byte)'h', 0],
        [(byte)'}', (byte)'N', (byte)'N', (byte)'s'],
        [(byte)'t'],
        [(byte)'R'],
        [(byte)'b'],
        [(byte)'Q'],
        [0xff, 0xff, 0xff, 0xff],
        [0xff, 0xff, 0xff, 0x7f],
        [0x8a, 8, 0, 0, 0, 0, 0, 0, 0, 0x80],
        [0x8a, 8, 255, 255, 255, 255, 255, 255, 255, 0x7f],
    ];

    public static SoakReport Run(long cases, ulong seed, Action<string> say)
    {
        var seeds = PickleWriter.Good();
        var random = new SeededRandom(seed);
        var (read, refused, faults) = (0L, 0L, new List<string>());
        foreach (var good in seeds)
            StateDict.Find(PickleReader.Read(good, "good", PickleWriter.BytesOf), "good");
        for (var i = 0L; i < cases; i++)
        {
            var pickle = Mutate(seeds, random);
            var (watch, allocated) = (Stopwatch.StartNew(), GC.GetAllocatedBytesForCurrentThread());
            try
            {
                var state = StateDict.Find(PickleReader.Read(pickle, "pickle", PickleWriter.BytesOf), "pickle");
                read++;
                if (state.Tensors.FirstOrDefault(t => !LiesWithin(t.Value)) is { Key: not null } outside)
                    Fault($"'{outside.Key}' lies outside its storage");
            }
            catch (MarrowException)
            {
                refused++;
            }
            catch (Exception e)
            {
                Fault($"{e.GetType().Name}: {e.Message}");
            }
            if (watch.ElapsedMilliseconds > MostMilliseconds)
                Fault($"{watch.ElapsedMilliseconds} ms");
            if (
                GC.GetAllocatedBytesForCurrentThread() - allocated is var bytes
                && bytes > MostBytes + MostBytesPerByte * pickle.Length)
                Fault($"{bytes} bytes allocated");
            if ((i + 1) % SayEach == 0)
                say($"{i + 1} of {cases}: {read} read, {refused} refused, {faults.Count} faults");

            void Fault(string what) => faults.Add($"seed {seed}, case {i}: {what}; {Convert.ToHexString(pickle)}");
        }
        return new("pickle", cases, new Dictionary<string, long> { ["read"] = read, ["refused"] = refused }, faults);
    }

    private static byte[] Mutate(IReadOnlyList<byte[]> seeds, SeededRandom random)
    {
        var bytes = seeds[random.Next(seeds.Count)].ToList();
        // Mostly one: many leave nothing that gets past the first instructions.
        for (var left = 1 + random.Next(1 + random.Next(MostMutations)); left > 0 && bytes.Count > 2; left--)
        {
            var at = random.Next(bytes.Count);
            var some = Math.Min(bytes.Count - at, 1 + random.Next(40));
            switch (random.Next(7))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, some);
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    bytes.InsertRange(
                        at,
                        Enumerable.Repeat(bytes.GetRange(at, some), 1 + random.Next(200)).SelectMany(b => b).ToList());
                    break;
                case 5:
                    bytes.InsertRange(at, Fragments[random.Next(Fragments.Length)]);
                    break;
                default:
                    var other = seeds[random.Next(seeds.Count)];
                    var from = random.Next(other.Length);
                    bytes.InsertRange(at, other[from..Math.Min(other.Length, from + 1 + random.Next(80))]);
                    break;
            }
        }
        return [.. bytes];
    }

    private static bool LiesWithin(PickledTensor tensor)
    {
        var (elements, last) = (BigInteger.One, new BigInteger(tensor.Offset));
        for (var d = 0; d < tensor.Shape.Length; d++)
        {
            elements *= tensor.Shape[d];
            last += (BigInteger)(tensor.Shape[d] - 1) * tensor.Strides[d];
        }
        var fits =
            elements.IsZero
            || last * SafetensorsHeader.SizeOf(tensor.Type) + SafetensorsHeader.SizeOf(tensor.Type)
                <= PickleWriter.BytesOf(tensor.Storage.Key)!.Value;
        return fits && tensor.Offset >= 0 && elements <= PickleWriter.BytesOf(tensor.Storage.Key)!.Value;
    }
}

using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Marrow.Datasets;
using Marrow.Weights;
using static TorchSharp.torch;

namespace Marrow.Training.Ranking;

/// <summary>
/// Features on disk, a safetensors file for each candidate and list of images, named by all that they depend on:
/// weights, input contract, pooling, precision, and each image's id, size and time of change. Files whose bytes are not
/// what was written are made anew; those used longest ago go when all together are too large.
/// </summary>
internal sealed class FeatureCache(string folder, long limitBytes = FeatureCache.DefaultLimit)
{
    public const long DefaultLimit = 2L << 30;
    private const int Version = 1; // raise it when features of the same key would differ
    private const string Name = "features", HashKey = "sha256", Ending = ".safetensors";

    public static string Key(Candidate candidate, IReadOnlyList<Sample> samples, Pooling pooling, string compute)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(FormattableString.Invariant($"{Version} {candidate.Identity} {pooling.Bands} {compute}"));
        Add(JsonSerializer.Serialize(candidate.Input, MarrowJson.Line));
        AddImages(hash, samples);
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..32];

        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
    }

    /// <summary>Adds to a hash what identifies the images, without reading them.</summary>
    internal static void AddImages(IncrementalHash hash, IReadOnlyList<Sample> samples)
    {
        foreach (var sample in samples)
        {
            var file = new FileInfo(sample.ImagePath);
            hash.AppendData(
                Encoding.UTF8.GetBytes(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"{sample.Id}\t{(file.Exists ? file.Length : 0)}\t"
                            + $"{(file.Exists ? file.LastWriteTimeUtc.Ticks : 0)}\n")));
        }
    }

    /// <summary>Returns the features, [images, dimensions]; null when they are missing or incomplete.</summary>
    public Tensor? Find(string key, long images, long dimensions)
    {
        var path = PathOf(key);
        if (!File.Exists(path) || !UserCache.Trusts(path))
            return null;
        try
        {
            Leftovers.SweepCache(Path.GetFullPath(folder));
            using var file = Safetensors.Open(path);
            if (
                file.Entries is not [{ Name: Name, Type: ScalarType.Float32 } entry]
                || !entry.Shape.AsSpan().SequenceEqual([images, dimensions]))
                return null;
            var features = file.Read(Name);
            if (file.Metadata.GetValueOrDefault(HashKey) != Hash(features))
            {
                features.Dispose();
                return null;
            }
            CacheBound.Touch(path);
            return features;
        }
        catch (Exception e) when (e is MarrowException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Stores features. Throws <see cref="MarrowException"/> when the folder can't be written.</summary>
    public void Store(string key, Tensor features)
    {
        Safetensors.Write(
            PathOf(key),
            [KeyValuePair.Create(Name, features)],
            new Dictionary<string, string> { [HashKey] = Hash(features) }
        );
        var stored = Path.GetFullPath(PathOf(key));
        CacheBound.Trim(folder, Ending, limitBytes, (path, _) => path == stored);
    }

    private string PathOf(string key) => Path.Combine(folder, key + Ending);

    private static string Hash(Tensor features) => Convert.ToHexStringLower(SHA256.HashData(features.bytes));
}

using Marrow.Datasets;
using Marrow.Weights;

namespace Marrow.Training.Runs;

/// <summary>Tells films that are the same file, whatever it is called.</summary>
internal static class SameFiles
{
    /// <summary>
    /// Returns a function that is true for samples with one of these images: the same path, or the same bytes under
    /// another name.
    /// </summary>
    public static Func<Sample, bool> Of(IReadOnlyList<Sample> samples)
    {
        var paths = samples.Select(s => FullPath(s.ImagePath)).ToHashSet(StringComparer.Ordinal);
        var byLength = paths.Where(File.Exists).ToLookup(path => new FileInfo(path).Length);
        var hashes = new Dictionary<long, HashSet<string>>();
        return sample =>
        {
            var path = FullPath(sample.ImagePath);
            if (paths.Contains(path))
                return true;
            if (new FileInfo(path) is not { Exists: true, Length: var length } || !byLength.Contains(length))
                return false;
            if (!hashes.TryGetValue(length, out var known))
                hashes[length] = known = [.. byLength[length].Select(Hash)];
            return known.Contains(Hash(path));
        };
    }

    /// <summary>Returns the full path of a link's target.</summary>
    public static string FullPath(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        try
        {
            return new FileInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full;
        }
        catch (IOException)
        {
            return full; // A link in a circle: reading it tells.
        }
    }

    private static string Hash(string path)
    {
        try
        {
            using var stream = InputFile.Open(path, InputFile.AnySize, 1);
            return FileHash.Sha256(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{path}: can't be read ({e.Message}).", e);
        }
    }
}

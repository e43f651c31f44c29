using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Marrow.Datasets.Copies;

/// <summary>A file and what it is compared by.</summary>
internal readonly record struct NamedSignature(string Path, FilmSignature Signature);

/// <summary>
/// Keeps what takes time of comparing films: the thumbnails of a folder's films, and the pairs that were found among
/// some films. A film is the same as long as its path, size and time of change are.
/// </summary>
internal static class FilmCache
{
    private readonly record struct FileState(string Path, long Length, long Ticks)
    {
        public static FileState Of(string path) => new FileInfo(path) is { Exists: true } file
            ? new(path, file.Length, file.LastWriteTimeUtc.Ticks)
            : new(path, 0, 0);
    }

    /// <summary>The pairs among these films and others, from the cache or by <paramref name="find"/>.</summary>
    public static CopyReport Pairs(
        IReadOnlyList<string> films,
        IReadOnlyList<string> others,
        CopySearch search,
        Func<IReadOnlyList<FilmPair>> find)
    {
        if (search == CopySearch.None)
            return new([], search);
        var file = new FilmCacheFile(string.Create(
            CultureInfo.InvariantCulture,
            $"pairs {FilmCopies.Version} {search} {Digest(films)} {Digest(others)}"));
        if (file.Read(ReadPairs) is { } known)
            return new(known, search);
        var found = find();
        file.Write(writer => WritePairs(writer, found));
        return new(found, search);
    }

    /// <summary>
    /// The signatures of those films that can be read and show something; thumbnails are taken from the cache or
    /// decoded.
    /// </summary>
    public static IReadOnlyList<NamedSignature> Signatures(
        string root, IReadOnlyList<string> films, FilmWatch watch)
    {
        var file = new FilmCacheFile(string.Create(
            CultureInfo.InvariantCulture,
            $"thumbnails {FilmCopies.Version} {Path.GetFullPath(root)}"));
        var kept = file.Read(ReadThumbnails) ?? [];
        var states = new FileState[films.Count];
        var thumbnails = new FilmThumbnail?[films.Count];
        var signatures = new FilmSignature?[films.Count];
        var (done, decoded) = (0, 0);
        Parallel.For(0, films.Count, watch.Parallel, i =>
        {
            states[i] = FileState.Of(films[i]);
            if (!kept.TryGetValue(states[i], out thumbnails[i]))
            {
                thumbnails[i] = Decode(films[i]);
                Interlocked.Increment(ref decoded);
            }
            signatures[i] = thumbnails[i] is { } thumbnail ? FilmSignature.Of(thumbnail) : null;
            watch.Tell("films read", Interlocked.Increment(ref done), films.Count);
        });
        if (decoded > 0)
        {
            foreach (var (state, thumbnail) in states.Zip(thumbnails))
            {
                if (thumbnail is not null)
                    kept[state] = thumbnail;
            }
            file.Write(writer => WriteThumbnails(writer, kept));
        }
        return
        [
            .. films.Zip(signatures)
                .Where(film => film.Second is not null)
                .Select(film => new NamedSignature(film.First, film.Second!)),
        ];
    }

    /// <summary>Null for a film that can't be read: whoever uses it says so.</summary>
    private static FilmThumbnail? Decode(string path)
    {
        try
        {
            return FilmThumbnail.Read(path);
        }
        catch (MarrowException)
        {
            return null;
        }
    }

    private static string Digest(IReadOnlyList<string> films)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (path, length, ticks) in films.Select(FileState.Of))
            hash.AppendData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{path}\t{length}\t{ticks}\n")));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static List<FilmPair> ReadPairs(BinaryReader reader)
    {
        var pairs = new List<FilmPair>();
        for (var left = reader.ReadInt32(); left > 0; left--)
            pairs.Add(new(reader.ReadString(), reader.ReadString(), reader.ReadDouble(), reader.ReadBoolean()));
        return pairs;
    }

    private static void WritePairs(BinaryWriter writer, IReadOnlyList<FilmPair> pairs)
    {
        writer.Write(pairs.Count);
        foreach (var pair in pairs)
        {
            writer.Write(pair.First);
            writer.Write(pair.Second);
            writer.Write(pair.Correlation);
            writer.Write(pair.Mirrored);
        }
    }

    private static Dictionary<FileState, FilmThumbnail> ReadThumbnails(BinaryReader reader)
    {
        var thumbnails = new Dictionary<FileState, FilmThumbnail>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            var state = new FileState(reader.ReadString(), reader.ReadInt64(), reader.ReadInt64());
            var (width, height) = (reader.ReadByte(), reader.ReadByte());
            thumbnails[state] = new(width, height, reader.ReadBytes(width * height));
        }
        return thumbnails;
    }

    /// <summary>Of a film that has changed only the last state is kept.</summary>
    private static void WriteThumbnails(BinaryWriter writer, Dictionary<FileState, FilmThumbnail> thumbnails)
    {
        var last = thumbnails.GroupBy(t => t.Key.Path).Select(same => same.MaxBy(t => t.Key.Ticks)).ToList();
        writer.Write(last.Count);
        foreach (var (state, thumbnail) in last)
        {
            writer.Write(state.Path);
            writer.Write(state.Length);
            writer.Write(state.Ticks);
            writer.Write((byte)thumbnail.Width);
            writer.Write((byte)thumbnail.Height);
            writer.Write(thumbnail.Pixels);
        }
    }
}

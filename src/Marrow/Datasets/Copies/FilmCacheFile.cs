using System.Security.Cryptography;
using System.Text;

namespace Marrow.Datasets.Copies;

/// <summary>
/// One file in the user's cache of compared films. Layout: "MARROWFC", SHA-256 of the rest [32], then the file's key
/// and its content, as BinaryWriter writes them. A file that is damaged or has another key is as good as absent.
/// </summary>
internal sealed class FilmCacheFile
{
    private const string Ending = ".films";
    private const long LimitBytes = 2L << 30; // of all files; the thumbnails of 5,000 films take 140 MB
    private const int MaxBytes = 1 << 30; // of one file
    private const int NameDigits = 32;
    private const int HeaderBytes = 8 + SHA256.HashSizeInBytes;
    private const string Without = "films are compared by each command anew";
    private static readonly byte[] s_magic = "MARROWFC"u8.ToArray();

    private readonly string _key;
    private readonly string _name;

    /// <param name="key">What the file is of; the name of the file is a hash of it.</param>
    public FilmCacheFile(string key)
    {
        _key = key;
        _name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..NameDigits] + Ending;
    }

    /// <summary>Returns what <paramref name="content"/> reads; null when there is no usable file.</summary>
    public T? Read<T>(Func<BinaryReader, T> content)
        where T : class
    {
        try
        {
            if (UserCache.Existing(UserCache.Films) is not { } folder || !UserCache.Trusts(Path.Combine(folder, _name)))
                return null;
            Leftovers.SweepCache(folder);
            var path = Path.Combine(folder, _name);
            var bytes = InputFile.ReadAllBytes(path, MaxBytes);
            if (bytes.Length < HeaderBytes
                || !bytes.AsSpan().StartsWith(s_magic)
                || !SHA256.HashData(bytes.AsSpan(HeaderBytes)).AsSpan()
                    .SequenceEqual(bytes.AsSpan(s_magic.Length, SHA256.HashSizeInBytes)))
                return null;
            using var reader = new BinaryReader(
                new MemoryStream(bytes, HeaderBytes, bytes.Length - HeaderBytes),
                Encoding.UTF8);
            if (reader.ReadString() != _key)
                return null;
            CacheBound.Touch(path);
            return content(reader);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or FormatException)
        {
            return null;
        }
    }

    /// <summary>Writes the file. What can't be kept is said once, and computed again by the next command.</summary>
    public void Write(Action<BinaryWriter> content)
    {
        if (UserCache.Open(UserCache.Films, Without) is not { } folder)
            return;
        using var body = new BoundedStream(MaxBytes - HeaderBytes);
        using (var writer = new BinaryWriter(body, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write(_key);
            content(writer);
        }
        if (body.IsFull)
        {
            Notices.Say($"So many films take more than the {MaxBytes >> 30} GiB that are kept of one comparison: "
                + $"{Without}.");
            return;
        }
        var bytes = body.ToArray();
        try
        {
            AtomicFile.Write(Path.Combine(folder, _name), stream =>
            {
                stream.Write(s_magic);
                stream.Write(SHA256.HashData(bytes));
                stream.Write(bytes);
            });
            CacheBound.Trim(folder, Ending, LimitBytes, (path, _) => Path.GetFileName(path) == _name);
        }
        catch (MarrowException e)
        {
            Notices.Say($"{e.Message} Without it {Without}. {UserCache.Remedy}");
        }
    }

    /// <summary>A stream in memory that takes so many bytes, and drops what comes after.</summary>
    internal sealed class BoundedStream(int most) : MemoryStream
    {
        /// <summary>True when bytes were dropped.</summary>
        public bool IsFull { get; private set; }

        // Of a class that derives from MemoryStream, spans are written through this method too.
        public override void Write(byte[] buffer, int offset, int count)
        {
            IsFull |= count > most - Length;
            if (!IsFull)
                base.Write(buffer, offset, count);
        }

        public override void WriteByte(byte value) => Write([value], 0, 1);
    }
}

using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>
/// The prepared bytes of all samples in one file (the trick of FFCV, Leclerc et al. 2023): an image is decoded once, not
/// once an epoch. The file is named by what it depends on (the preprocessing and each image's id, size and time of
/// change), so that a changed image or contract leads to another file; every image in it is checked against its SHA-256
/// when the file is opened, and a damaged file is made anew. It is read, not mapped, and each read is held against a
/// checksum taken then: what is cut or written over while it is in use is an error, not other numbers or a dead process.
/// An image has [height * width] bytes; with <see cref="InputContract.PackedBorder"/> on all sides where the samples
/// are crops of images. When a file was made, those that were used longest ago go until the folder is within its bound.
/// </summary>
public sealed class PackedCache : IDisposable
{
    /// <summary>What the files of a folder may take together.</summary>
    private const long LimitBytes = 16L << 30;

    private const string Ending = ".packed";

    /// <summary>A file used since then stays, whatever it takes: a run may be between stages that read it.</summary>
    private static readonly TimeSpan Young = TimeSpan.FromHours(1);

    /// <summary>For tests: the limit of this flow of execution.</summary>
    internal static readonly AsyncLocal<long?> Limit = new();

    private readonly PackedFile _file;
    private readonly InputContract _contract;
    private readonly Dictionary<string, int> _indices;
    private readonly ImageCrop?[] _crops;
    private int _users = 1;
    private bool _disposed;

    private PackedCache(PackedFile file, InputContract contract, IReadOnlyList<Sample> samples)
    {
        (_file, _contract) = (file, contract);
        _crops = [.. samples.Select(s => s.Crop)];
        _indices = samples.Select((s, i) => (s.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
    }

    public string Path => _file.Path;

    /// <summary>How many images it holds.</summary>
    public int Count => _indices.Count;

    /// <summary>True when this call of <see cref="Open"/> decoded the images, false when it found them packed.</summary>
    public bool WasBuilt { get; private init; }

    /// <summary>Where the file lies in the temporary folder; null elsewhere.</summary>
    private ScratchFolder? Scratch { get; set; }

    /// <summary>
    /// Finds or makes the file for these samples (those of equal ids are packed once). Throws
    /// <see cref="MarrowException"/> when images can't be read (it lists up to ten) or the file can't be written.
    /// </summary>
    /// <param name="cacheFolder">
    /// Null: marrow/packed in the user's cache folder; where that can't be used, the temporary folder. Of a folder of
    /// one's own, too, packed files that were used longest ago go when all take more than 16 GiB.
    /// </param>
    /// <param name="progress">Told (images done, images in all), from any thread, one call at a time.</param>
    /// <param name="read">File, least width and height wanted -> radiograph. Null: <see cref="RadiographReader.Read"/>.</param>
    public static PackedCache Open(IReadOnlyList<Sample> samples, InputContract contract, string? cacheFolder = null,
        Action<int, int>? progress = null, Func<string, int, int, Radiograph>? read = null, CancellationToken cancellation = default)
    {
        contract.Validate("packed cache");
        var distinct = samples.DistinctBy(s => s.Id, StringComparer.Ordinal).ToList();
        if (contract.Crop is { } crop && distinct.FirstOrDefault(s => s.Crop is null) is { } whole)
            throw MarrowException.Bad(whole.Id, $"a crop, since the model sees {crop.Describe()}", "the whole image", "Crop the images by that detector first.");
        if (contract.Crop is null && distinct.Any(s => s.Crop is not null))
            throw new ArgumentException("The contract is for whole images, and a sample is a crop.", nameof(samples));
        var key = PackedWriter.Key(distinct, contract);
        var name = Convert.ToHexStringLower(key)[..32] + Ending;
        void Make(string path) => PackedWriter.Write(path, distinct, contract, key, progress, read ?? RadiographReader.Read, cancellation);
        if (cacheFolder is not null)
            return FindOrMake(cacheFolder);
        if (UserCache.Open(UserCache.Packed, "images are packed in the temporary folder, for this command alone") is not { } folder)
            return InScratch(name, contract, distinct, key, Make);
        try
        {
            return FindOrMake(folder);
        }
        catch (MarrowException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            Notices.Say($"{e.Message} Images are packed in the temporary folder, for this command alone. {UserCache.Remedy}");
            return InScratch(name, contract, distinct, key, Make);
        }

        PackedCache FindOrMake(string folder)
        {
            Leftovers.SweepCache(System.IO.Path.GetFullPath(folder));
            var path = System.IO.Path.Combine(folder, name);
            if (TryOpen(path, distinct, contract, key, cancellation) is { } found)
                return found;
            Make(path);
            var made = TryOpen(path, distinct, contract, key, cancellation, built: true)
                ?? throw PackedFile.Changed(path);
            var young = DateTime.UtcNow - Young;
            CacheBound.Trim(folder, Ending, Limit.Value ?? LimitBytes,
                (file, used) => PackedFile.IsOpen(file) || used > young);
            return made;
        }
    }

    /// <summary>In a folder that is gone with the cache. Throws <see cref="MarrowException"/> where there is no room either.</summary>
    private static PackedCache InScratch(string name, InputContract contract, IReadOnlyList<Sample> samples, byte[] key, Action<string> make)
    {
        ScratchFolder? scratch = null;
        try
        {
            scratch = new();
            var path = System.IO.Path.Combine(scratch.Path, name);
            make(path);
            var cache = TryOpen(path, samples, contract, key, CancellationToken.None, built: true) ?? throw PackedFile.Changed(path);
            cache.Scratch = scratch;
            if (!OperatingSystem.IsWindows())
                scratch.Dispose(); // What is open stays until it is let go, and a kill leaves nothing.
            return cache;
        }
        catch (Exception e)
        {
            scratch?.Dispose();
            if (e is IOException or UnauthorizedAccessException || e is MarrowException { InnerException: IOException or UnauthorizedAccessException })
                throw new MarrowException($"Images can't be packed in the temporary folder either ({e.Message.TrimEnd('.')}). {UserCache.Remedy}", e);
            throw;
        }
    }

    /// <summary>Where the sample's image lies; throws <see cref="MarrowException"/> when it is not in the cache.</summary>
    public int IndexOf(Sample sample) => _indices.TryGetValue(sample.Id, out var index)
        ? index
        : throw MarrowException.Bad(Path, $"an image of sample {sample.Id}", "none", "Open the cache with all samples that are read from it.");

    /// <summary>
    /// [Height * Width] bytes, of crops with their border. Throws <see cref="MarrowException"/> when the file has been
    /// changed since it was opened.
    /// </summary>
    public ReadOnlySpan<byte> Pixels(int index)
    {
        var pixels = new byte[ImageBytes];
        Read(index, pixels);
        return pixels;
    }

    /// <summary>The bytes of one image.</summary>
    internal int ImageBytes => PackedSize(_contract);

    /// <summary>SHA-256 of the image's bytes, as they were packed.</summary>
    internal ReadOnlySpan<byte> Hash(int index) => _file.Hash(Readable(index));

    /// <summary>Fills <paramref name="pixels"/>, of <see cref="ImageBytes"/>; any thread may. Throws as <see cref="Pixels"/> does.</summary>
    internal void Read(int index, Span<byte> pixels) => _file.Read(Readable(index), pixels);

    /// <summary>Of the image's file, px.</summary>
    public (int Width, int Height) OriginalSize(int index) => _file.OriginalSize(Readable(index));

    /// <summary>Original pixels to input pixels, without augmentation.</summary>
    public AffineTransform ToInput(int index)
    {
        var (width, height) = OriginalSize(index);
        return Crop(index) is { } crop ? Preprocessor.ToInput(_contract, crop) : Preprocessor.ToInput(_contract, width, height);
    }

    /// <summary>What part of its image it is; null for all of it.</summary>
    public ImageCrop? Crop(int index) => _crops[index];

    /// <summary>A copy that outlives the cache.</summary>
    public PackedImage Read(Sample sample)
    {
        var index = IndexOf(sample);
        var (width, height) = OriginalSize(index);
        var pixels = new byte[_contract.Width * _contract.Height];
        var packed = Pixels(index);
        for (var y = 0; y < _contract.Height; y++)
            PackedRow(packed, _contract, y).CopyTo(pixels.AsSpan(y * _contract.Width));
        return new PackedImage(pixels, _contract.Width, _contract.Height, width, height, ToInput(index));
    }

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        Release();
    }

    /// <summary>True when images prepared for this contract are the ones in here; normalisation and channels may differ.</summary>
    internal bool Suits(InputContract contract) => contract with
    {
        Channels = _contract.Channels,
        Mean = _contract.Mean,
        Std = _contract.Std,
        ChannelMeans = _contract.ChannelMeans,
        ChannelStds = _contract.ChannelStds,
    } == _contract;

    /// <summary>Keeps the file open until <see cref="Release"/>, for threads that may outlive the owner's Dispose.</summary>
    internal void Retain() => Interlocked.Increment(ref _users);

    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0)
            return;
        _file.Dispose();
        Scratch?.Dispose();
    }

    /// <summary>What the model sees of a row, without the border.</summary>
    internal static ReadOnlySpan<byte> PackedRow(ReadOnlySpan<byte> packed, InputContract contract, int row)
    {
        var (x, y) = contract.PackedBorder;
        return packed.Slice((row + y) * (contract.Width + 2 * x) + x, contract.Width);
    }

    /// <summary>Bytes of one image.</summary>
    internal static int PackedSize(InputContract contract)
    {
        var (x, y) = contract.PackedBorder;
        return checked((contract.Width + 2 * x) * (contract.Height + 2 * y));
    }

    /// <summary>The index, of an image that is there in a file that is open.</summary>
    private int Readable(int index)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _users) == 0, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return index;
    }

    /// <summary>Null when there is no file, or not a whole one.</summary>
    private static PackedCache? TryOpen(string path, IReadOnlyList<Sample> samples, InputContract contract, byte[] key,
        CancellationToken cancellation, bool built = false) =>
        PackedFile.TryOpen(path, samples.Count, PackedSize(contract), key, cancellation) is { } file
            ? new(file, contract, samples) { WasBuilt = built }
            : null;
}

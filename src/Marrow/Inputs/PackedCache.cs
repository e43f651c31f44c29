using System.Security.Cryptography;
using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>
/// The prepared bytes of all samples in a few files (the trick of FFCV, Leclerc et al. 2023): an image is decoded once,
/// not once an epoch. A file belongs to one preprocessing; each image in it is found by what it is (its id, size and
/// time of change), so that any set of samples takes the images that earlier sets have left, and only those that are
/// missing are packed, into a file more. Every image that is read is checked against its SHA-256 when the cache is
/// opened, and a damaged file is made anew. Files are read, not mapped, and each read is held against a checksum taken
/// then: what is cut or written over while it is in use is an error, not other numbers or a dead process. An image has
/// [height * width] bytes; with <see cref="InputContract.PackedBorder"/> on all sides where the samples are crops of
/// images. When a file was made, those that were used longest ago go until the folder is within its bound.
/// </summary>
internal sealed class PackedCache : IDisposable
{
    /// <summary>The most bytes that the files in one folder may have together.</summary>
    private const long LimitBytes = 16L << 30;

    private const string Ending = ".packed";

    /// <summary>
    /// The time since its last use during which a file is kept, whatever its size, since a run may be between two
    /// stages that read it.
    /// </summary>
    private static readonly TimeSpan Young = TimeSpan.FromHours(1);

    /// <summary>Replaces the limit within one asynchronous flow, for tests.</summary>
    internal static readonly AsyncLocal<long?> Limit = new();

    private const int NameDigits = 16; // of a file's name for the preprocessing, and as many for the images

    private readonly IReadOnlyList<PackedFile> _files;
    private readonly (PackedFile File, int Image)[] _places;
    private readonly InputContract _contract;
    private readonly Dictionary<string, int> _indices;
    private readonly ImageCrop?[] _crops;
    private readonly StraightStrip?[] _strips;
    private int _users = 1;
    private bool _disposed;

    private PackedCache(
        IReadOnlyList<PackedFile> files,
        (PackedFile File, int Image)[] places,
        InputContract contract,
        IReadOnlyList<Sample> samples)
    {
        (_files, _places, _contract) = (files, places, contract);
        _crops = [.. samples.Select(s => s.Crop)];
        _strips =
        [
            .. samples.Select(s => s.Curve.Count == 0 ? null : new StraightStrip(s.Curve, contract.StripLayout)),
        ];
        _indices = samples.Select((s, i) => (s.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
    }

    /// <summary>The paths of the files from which the images are read.</summary>
    internal IReadOnlyList<string> Files => [.. _files.Select(file => file.Path)];

    /// <summary>The number of images in the cache.</summary>
    public int Count => _indices.Count;

    /// <summary>
    /// True when this call of <see cref="Open"/> decoded the images, false when it found them packed.
    /// </summary>
    public bool WasBuilt { get; private init; }

    /// <summary>The temporary folder of the cache's file; null when the file lies elsewhere.</summary>
    private ScratchFolder? Scratch { get; set; }

    /// <summary>
    /// Finds or makes the file for these samples (those of equal ids are packed once). Throws
    /// <see cref="MarrowException"/> when images can't be read (it lists up to ten) or the file can't be written.
    /// </summary>
    /// <param name="cacheFolder">
    /// Null: marrow/packed in the user's cache folder; where that can't be used, the temporary folder. Of a folder of
    /// one's own, too, packed files that were used longest ago go when all take more than 16 GiB.
    /// </param>
    /// <param name="progress">Called from any thread, one call at a time.</param>
    /// <param name="read">
    /// File, least width and height wanted -> radiograph. Null: <see cref="RadiographReader.Read"/>.
    /// </param>
    public static PackedCache Open(
        IReadOnlyList<Sample> samples, InputContract contract, string? cacheFolder = null,
        Action<Progress>? progress = null, Func<string, int, int, Radiograph>? read = null,
        CancellationToken cancellation = default)
    {
        contract.Validate("packed cache");
        var distinct = samples.DistinctBy(s => s.Id, StringComparer.Ordinal).ToList();
        if (contract.Crop is { } crop && distinct.FirstOrDefault(s => s.Crop is null) is { } whole)
            throw MarrowException.Bad(
                whole.Id,
                $"a crop, since the model sees {crop.Describe()}",
                "the whole image",
                "Crop the images by that checkpoint first.");
        if (contract.Crop is null && distinct.Any(s => s.Crop is not null))
            throw new ArgumentException("The contract is for whole images, and a sample is a crop.", nameof(samples));
        if (distinct.Any(s => s.Curve.Count > 0 != contract.Strip is not null))
            throw new ArgumentException("Samples have a curve where, and only where, the model sees strips.",
                nameof(samples));
        void Write(string path, IReadOnlyList<Sample> missing, IReadOnlyList<byte[]> keys) =>
            PackedWriter.Write(path, missing, keys, contract, progress, read ?? RadiographReader.Read, cancellation);
        if (cacheFolder is not null)
            return FindOrMake(cacheFolder, distinct, contract, Write, cancellation);
        if (
            UserCache.Open(UserCache.Packed, "images are packed in the temporary folder, for this command alone")
            is not { } folder)
            return InScratch(distinct, contract, Write, cancellation);
        try
        {
            return FindOrMake(folder, distinct, contract, Write, cancellation);
        }
        catch (MarrowException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            Notices.Say(
                $"{e.Message} Images are packed in the temporary folder, for this command alone. {UserCache.Remedy}");
            return InScratch(distinct, contract, Write, cancellation);
        }
    }

    /// <summary>Writes a file of those samples, stored under these keys.</summary>
    private delegate void Writing(string path, IReadOnlyList<Sample> missing, IReadOnlyList<byte[]> keys);

    private static PackedCache FindOrMake(
        string folder,
        IReadOnlyList<Sample> samples,
        InputContract contract,
        Writing write,
        CancellationToken cancellation)
    {
        Leftovers.SweepCache(System.IO.Path.GetFullPath(folder));
        var key = PackedWriter.Key(contract);
        var prefix = Convert.ToHexStringLower(key)[..NameDigits];
        byte[][] keys = [.. samples.Select(PackedWriter.Key)];
        var files = new List<PackedFile>();
        var places = new (PackedFile File, int Image)[samples.Count];
        // The samples whose images are still to be found.
        var wanted = keys.Select((own, sample) => (Digits: Convert.ToHexStringLower(own), sample))
            .ToDictionary(w => w.Digits, w => w.sample, StringComparer.Ordinal);
        try
        {
            foreach (var path in FilesOf(folder, prefix).TakeWhile(_ => wanted.Count > 0))
                Take(path);
            int[] missing = [.. wanted.Values.Order()];
            if (missing.Length > 0)
            {
                byte[][] missed = [.. missing.Select(i => keys[i])];
                var digits = Convert.ToHexStringLower(SHA256.HashData([.. missed.SelectMany(k => k)]))[..NameDigits];
                var path = System.IO.Path.Combine(folder, prefix + digits + Ending);
                write(path, [.. missing.Select(i => samples[i])], missed);
                Take(path);
                if (wanted.Count > 0)
                    throw PackedFile.Changed(path);
                var young = DateTime.UtcNow - Young;
                CacheBound.Trim(folder, Ending, Limit.Value ?? LimitBytes, (file, used) =>
                    PackedFile.IsOpen(file) || used > young);
            }
            return new(files, places, contract, samples) { WasBuilt = missing.Length > 0 };
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }

        // Of a file the images that are still wanted. One with an image that is not as it was packed goes; one that
        // can't be opened is written over or, in its time, makes room.
        void Take(string path)
        {
            if (PackedFile.TryOpen(path, PackedSize(contract), key) is not { } file)
                return;
            var kept = false;
            try
            {
                var found = new List<(string Digits, int Image)>();
                for (var image = 0; image < file.Count; image++)
                {
                    var digits = Convert.ToHexStringLower(file.Key(image));
                    if (wanted.ContainsKey(digits))
                        found.Add((digits, image));
                }
                kept = found.Count > 0 && file.AreWhole([.. found.Select(f => f.Image)], cancellation);
                if (kept)
                {
                    CacheBound.Touch(path);
                    files.Add(file);
                    foreach (var (digits, image) in found)
                    {
                        if (wanted.Remove(digits, out var sample))
                            places[sample] = (file, image);
                    }
                }
                else if (found.Count > 0)
                {
                    Leftovers.Delete(new FileInfo(path));
                }
            }
            finally
            {
                if (!kept)
                    file.Dispose();
            }
        }
    }

    /// <summary>
    /// Returns the files of one preprocessing in an order that is the same for every process; none when the folder
    /// can't be read.
    /// </summary>
    private static string[] FilesOf(string folder, string prefix)
    {
        try
        {
            return Directory.Exists(folder)
                ?
                [
                    .. Directory
                        .GetFiles(folder, $"{prefix}*{Ending}")
                        .Where(path => System.IO.Path.GetFileNameWithoutExtension(path).Length == 2 * NameDigits)
                        .Order(StringComparer.Ordinal),
                ]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // Writing there says what is wrong.
        }
    }

    /// <summary>
    /// In a folder that is gone with the cache. Throws <see cref="MarrowException"/> where there is no room either.
    /// </summary>
    private static PackedCache InScratch(
        IReadOnlyList<Sample> samples, InputContract contract, Writing write, CancellationToken cancellation)
    {
        ScratchFolder? scratch = null;
        try
        {
            scratch = new();
            var cache = FindOrMake(scratch.Path, samples, contract, write, cancellation);
            cache.Scratch = scratch;
            if (!OperatingSystem.IsWindows())
                scratch.Dispose(); // What is open stays until it is let go, and a kill leaves nothing.
            return cache;
        }
        catch (Exception e)
        {
            scratch?.Dispose();
            if (
                e is IOException or UnauthorizedAccessException
                || e is MarrowException { InnerException: IOException or UnauthorizedAccessException }
            )
                throw new MarrowException(
                    $"Images can't be packed in the temporary folder either ({e.Message.TrimEnd('.')}). "
                        + $"{UserCache.Remedy}",
                    e);
            throw;
        }
    }

    /// <summary>
    /// Returns the index of the sample's image. Throws <see cref="MarrowException"/> when it is not in the cache.
    /// </summary>
    public int IndexOf(Sample sample) =>
        _indices.TryGetValue(sample.Id, out var index)
            ? index
            : throw MarrowException.Bad(
                "packed images",
                $"an image of sample {sample.Id}",
                "none",
                "Open the cache with all samples that are read from it.");

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

    /// <summary>The number of bytes of one image.</summary>
    internal int ImageBytes => PackedSize(_contract);

    /// <summary>Returns the SHA-256 of the image's bytes when they were packed.</summary>
    internal ReadOnlySpan<byte> Hash(int index) => _places[Readable(index)].File.Hash(_places[index].Image);

    /// <summary>
    /// Fills <paramref name="pixels"/>, of <see cref="ImageBytes"/>; any thread may. Throws as <see cref="Pixels"/>
    /// does.
    /// </summary>
    internal void Read(int index, Span<byte> pixels) =>
        _places[Readable(index)].File.Read(_places[index].Image, pixels);

    /// <summary>Returns the size of the original image, in pixels.</summary>
    public (int Width, int Height) OriginalSize(int index) =>
        _places[Readable(index)].File.OriginalSize(_places[index].Image);

    /// <summary>Returns the transform from original pixels to input pixels, without augmentation.</summary>
    public AffineTransform ToInput(int index)
    {
        var (width, height) = OriginalSize(index);
        return Crop(index) is { } crop
            ? Preprocessor.ToInput(_contract, crop)
            : Preprocessor.ToInput(_contract, width, height);
    }

    /// <summary>Returns the part of the original image that is packed; null for the whole image.</summary>
    public ImageCrop? Crop(int index) => _crops[index];

    /// <summary>Returns the strip that is packed; null where no curve is laid straight.</summary>
    public StraightStrip? Strip(int index) => _strips[index];

    /// <summary>Returns a copy of a packed image, which stays valid when the cache is disposed.</summary>
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

    /// <summary>
    /// Returns true when the cached images suit this contract, whose normalisation and number of channels may differ.
    /// </summary>
    internal bool Suits(InputContract contract) => contract with
    {
        Channels = _contract.Channels,
        Mean = _contract.Mean,
        Std = _contract.Std,
        ChannelMeans = _contract.ChannelMeans,
        ChannelStds = _contract.ChannelStds,
    } == _contract;

    /// <summary>
    /// Keeps the file open until <see cref="Release"/> is called, for threads that may outlive the owner's Dispose.
    /// </summary>
    internal void Retain() => Interlocked.Increment(ref _users);

    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0)
            return;
        foreach (var file in _files)
            file.Dispose();
        Scratch?.Dispose();
    }

    /// <summary>Returns the part of a row that the model sees, without the border.</summary>
    internal static ReadOnlySpan<byte> PackedRow(ReadOnlySpan<byte> packed, InputContract contract, int row)
    {
        var (x, y) = contract.PackedBorder;
        return packed.Slice((row + y) * (contract.Width + 2 * x) + x, contract.Width);
    }

    /// <summary>Returns the number of bytes of one packed image.</summary>
    internal static int PackedSize(InputContract contract)
    {
        var (width, height) = contract.PackedSize;
        return checked(width * height);
    }

    /// <summary>Returns the index. Throws when there is no such image, or when its file is not open.</summary>
    private int Readable(int index)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _users) == 0, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return index;
    }
}

using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.IO.MemoryMappedFiles;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Tensors;

/// <summary>
/// The prepared bytes of all samples in one memory-mapped file (the trick of FFCV, Leclerc et al. 2023): an image is
/// decoded once, not once an epoch. The file is named by what it depends on (the preprocessing and each image's id,
/// size and time of change), so that a changed image or contract leads to another file; every image in it is checked
/// against its SHA-256 when the file is opened, and a damaged file is made anew.
/// Layout, little-endian: "MARROWPK", key [32], SHA-256 of the index [32]; index, per image: original width and height
/// (int32), SHA-256 of its bytes; from the next multiple of 4096 on the images, [height * width] bytes each; with
/// <see cref="InputContract.PackedBorder"/> on all sides where the samples are windows of images.
/// </summary>
public sealed unsafe class PackedCache : IDisposable
{
    private const int HeaderSize = 8 + 32 + 32;
    private const int EntrySize = 4 + 4 + 32;
    private const int Alignment = 4096; // a memory page
    private const int ListedFiles = 10;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly InputContract _contract;
    private readonly Dictionary<string, int> _indices;
    private readonly ImageWindow?[] _windows;
    private int _users = 1;
    private bool _disposed;

    private PackedCache(string path, InputContract contract, IReadOnlyList<Sample> samples)
    {
        Path = path;
        _contract = contract;
        _windows = [.. samples.Select(s => s.Window)];
        _indices = samples.Select((s, i) => (s.Id, i)).ToDictionary(p => p.Id, p => p.i, StringComparer.Ordinal);
        _file = MemoryMappedFile.CreateFromFile(InputFile.Open(path, InputFile.AnySize, 1), null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    public string Path { get; }

    /// <summary>Images in it.</summary>
    public int Count => _indices.Count;

    /// <summary>True when this call of <see cref="Open"/> decoded the images, false when it found them packed.</summary>
    public bool WasBuilt { get; private init; }

    /// <summary>Where the file lies in the temporary folder; null elsewhere.</summary>
    private ScratchFolder? Scratch { get; init; }

    /// <summary>
    /// Finds or makes the file for these samples (those of equal ids are packed once). Throws
    /// <see cref="MarrowException"/> when images can't be read (it lists up to ten) or the file can't be written.
    /// </summary>
    /// <param name="cacheFolder">Null: marrow/packed in the user's cache folder; where that can't be used, the temporary folder.</param>
    /// <param name="progress">Told (images done, images in all), from any thread, one call at a time.</param>
    /// <param name="read">File, least width and height wanted -> radiograph. Null: <see cref="RadiographReader.Read"/>.</param>
    public static PackedCache Open(IReadOnlyList<Sample> samples, InputContract contract, string? cacheFolder = null,
        Action<int, int>? progress = null, Func<string, int, int, Radiograph>? read = null, CancellationToken cancellation = default)
    {
        contract.Validate("packed cache");
        var distinct = samples.DistinctBy(s => s.Id, StringComparer.Ordinal).ToList();
        if (contract.Crop is { } crop && distinct.FirstOrDefault(s => s.Window is null) is { } whole)
            throw MarrowException.Bad(whole.Id, $"a window, since the model sees {crop.Describe()}", "the whole image", "Crop the images by that detector first.");
        if (contract.Crop is null && distinct.Any(s => s.Window is not null))
            throw new ArgumentException("The contract is for whole images, and a sample is a window.", nameof(samples));
        var key = Key(distinct, contract);
        var name = $"{Convert.ToHexStringLower(key)[..32]}.packed";
        void Make(string path) => Build(path, distinct, contract, key, progress, read ?? RadiographReader.Read, cancellation);
        if (cacheFolder is not null)
            return FindOrMake(cacheFolder);
        if (UserCache.Open(UserCache.Packed, "images are packed in the temporary folder, for this command alone") is not { } folder)
            return InScratch(name, contract, distinct, Make);
        try
        {
            return FindOrMake(folder);
        }
        catch (MarrowException e) when (e.InnerException is IOException or UnauthorizedAccessException)
        {
            Notices.Say($"{e.Message} Images are packed in the temporary folder, for this command alone. {UserCache.Remedy}");
            return InScratch(name, contract, distinct, Make);
        }

        PackedCache FindOrMake(string folder)
        {
            Leftovers.SweepCache(System.IO.Path.GetFullPath(folder));
            var path = System.IO.Path.Combine(folder, name);
            if (TryMap(path, distinct, contract, key) is { } found)
                return found;
            Make(path);
            return new PackedCache(path, contract, distinct) { WasBuilt = true };
        }
    }

    /// <summary>In a folder that is gone with the cache. Throws <see cref="MarrowException"/> where there is no room either.</summary>
    private static PackedCache InScratch(string name, InputContract contract, IReadOnlyList<Sample> samples, Action<string> make)
    {
        ScratchFolder? scratch = null;
        try
        {
            scratch = new();
            var path = System.IO.Path.Combine(scratch.Path, name);
            make(path);
            var cache = new PackedCache(path, contract, samples) { WasBuilt = true, Scratch = scratch };
            if (!OperatingSystem.IsWindows())
                scratch.Dispose(); // What is mapped stays until it is let go, and a kill leaves nothing.
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

    /// <summary>[Height * Width] bytes, of windows with their border; valid until the cache is disposed.</summary>
    public ReadOnlySpan<byte> Pixels(int index)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _users) == 0, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        var size = PackedSize(_contract);
        return new ReadOnlySpan<byte>(_start + ImagesStart(Count) + (long)index * size, size);
    }

    /// <summary>Of the image's file, px.</summary>
    public (int Width, int Height) OriginalSize(int index)
    {
        var entry = Entry(index);
        return (BinaryPrimitives.ReadInt32LittleEndian(entry), BinaryPrimitives.ReadInt32LittleEndian(entry[4..]));
    }

    /// <summary>Original pixels to input pixels, without augmentation.</summary>
    public AffineTransform ToInput(int index)
    {
        var (width, height) = OriginalSize(index);
        return Window(index) is { } window ? Preprocessor.ToInput(_contract, window) : Preprocessor.ToInput(_contract, width, height);
    }

    /// <summary>What part of its image it is; null for all of it.</summary>
    public ImageWindow? Window(int index) => _windows[index];

    /// <summary>A copy that outlives the cache.</summary>
    public PackedImage Read(Sample sample)
    {
        var index = IndexOf(sample);
        var (width, height) = OriginalSize(index);
        var pixels = new byte[_contract.Width * _contract.Height];
        for (var y = 0; y < _contract.Height; y++)
            PackedRow(Pixels(index), _contract, y).CopyTo(pixels.AsSpan(y * _contract.Width));
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

    /// <summary>Keeps the file mapped until <see cref="Release"/>, for threads that may outlive the owner's Dispose.</summary>
    internal void Retain() => Interlocked.Increment(ref _users);

    internal void Release()
    {
        if (Interlocked.Decrement(ref _users) > 0)
            return;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        Scratch?.Dispose();
    }

    /// <summary>What the model sees of a row, without the border.</summary>
    internal static ReadOnlySpan<byte> PackedRow(ReadOnlySpan<byte> packed, InputContract contract, int row)
    {
        var (x, y) = contract.PackedBorder;
        return packed.Slice((row + y) * (contract.Width + 2 * x) + x, contract.Width);
    }

    private static int PackedSize(InputContract contract)
    {
        var (x, y) = contract.PackedBorder;
        return checked((contract.Width + 2 * x) * (contract.Height + 2 * y));
    }

    private ReadOnlySpan<byte> Entry(int index)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _users) == 0, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return new ReadOnlySpan<byte>(_start + HeaderSize + (long)index * EntrySize, EntrySize);
    }

    private static long ImagesStart(int count) =>
        (HeaderSize + (long)count * EntrySize + Alignment - 1) / Alignment * Alignment;

    /// <summary>SHA-256 of everything the bytes depend on.</summary>
    private static byte[] Key(IReadOnlyList<Sample> samples, InputContract contract)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(FormattableString.Invariant(
            $"{Preprocessor.Version} {contract.Width} {contract.Height} {contract.Fit} {contract.WindowLow:R} {contract.WindowHigh:R}"));
        if (contract.CropShare != 1 || contract.Window != WindowKind.Percentiles)
            Add(FormattableString.Invariant($"{contract.CropShare:R} {contract.Window}"));
        foreach (var sample in samples)
        {
            var file = new FileInfo(sample.ImagePath);
            Add(sample.Id);
            Add(file.Exists ? FormattableString.Invariant($"{file.Length} {file.LastWriteTimeUtc.Ticks}") : "absent");
            if (sample.Window is { } w)
                Add(FormattableString.Invariant($"{w.Center.X:R} {w.Center.Y:R} {w.Width:R} {w.Height:R} {w.TiltRadians:R}"));
        }
        return hash.GetHashAndReset();

        void Add(string text) => hash.AppendData(Encoding.UTF8.GetBytes(text + "\n"));
    }

    /// <summary>Null when there is no file, or not a whole one.</summary>
    private static PackedCache? TryMap(string path, IReadOnlyList<Sample> samples, InputContract contract, byte[] key)
    {
        var size = PackedSize(contract);
        var length = ImagesStart(samples.Count) + (long)samples.Count * size;
        PackedCache cache;
        try
        {
            if (!UserCache.Trusts(path) || new FileInfo(path) is not { Exists: true } file || file.Length != length)
                return null;
            cache = new PackedCache(path, contract, samples);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Whatever it is, writing it anew either mends it or says what is wrong.
        }
        if (cache.IsWhole(key))
            return cache;
        cache.Dispose();
        return null;
    }

    private bool IsWhole(byte[] key)
    {
        var header = new ReadOnlySpan<byte>(_start, HeaderSize);
        if (!header[..8].SequenceEqual("MARROWPK"u8) || !header[8..40].SequenceEqual(key))
            return false;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < Count; i++)
            hash.AppendData(Entry(i));
        if (!header[40..].SequenceEqual(hash.GetHashAndReset()))
            return false;
        return Parallel.For(0, Count, (i, loop) =>
        {
            if (!SHA256.HashData(Pixels(i)).AsSpan().SequenceEqual(Entry(i)[8..]))
                loop.Stop();
        }).IsCompleted;
    }

    private static void Build(string path, IReadOnlyList<Sample> samples, InputContract contract, byte[] key,
        Action<int, int>? progress, Func<string, int, int, Radiograph> read, CancellationToken cancellation)
    {
        var size = PackedSize(contract);
        var images = Enumerable.Range(0, samples.Count).GroupBy(i => samples[i].ImagePath, StringComparer.Ordinal).Select(g => g.ToArray()).ToList();
        var index = new byte[(long)samples.Count * EntrySize];
        var failures = new ConcurrentQueue<(int Sample, string Message)>();
        AtomicFile.Write(path, stream =>
        {
            stream.SetLength(ImagesStart(samples.Count) + (long)samples.Count * size);
            var done = 0;
            // An image is decoded once, however many windows of it there are.
            InParallel(images.Count, cancellation, image =>
            {
                if (TryRead(samples[images[image][0]].ImagePath, contract, read, out var radiograph) is { } failure)
                    failures.Enqueue((images[image][0], failure));
                foreach (var i in images[image])
                {
                    var pixels = radiograph is null ? null : Prepare(radiograph, contract, samples[i].Window, index.AsSpan(i * EntrySize, EntrySize));
                    lock (stream)
                    {
                        if (pixels is not null)
                        {
                            stream.Position = ImagesStart(samples.Count) + (long)i * size;
                            stream.Write(pixels);
                        }
                        progress?.Invoke(++done, samples.Count);
                    }
                }
            });
            if (!failures.IsEmpty)
                throw Unreadable(failures.OrderBy(f => f.Sample).Select(f => f.Message).ToList(), images.Count);
            stream.Position = 0;
            stream.Write("MARROWPK"u8);
            stream.Write(key);
            stream.Write(SHA256.HashData(index));
            stream.Write(index);
        });
    }

    /// <summary>The bytes of one sample; its entry in the index is filled.</summary>
    private static byte[] Prepare(Radiograph radiograph, InputContract contract, ImageWindow? window, Span<byte> entry)
    {
        var pixels = window is null
            ? Preprocessor.Prepare(radiograph, contract).Pixels
            : Preprocessor.PrepareWindow(radiograph, contract, window, contract.PackedBorder).Pixels;
        BinaryPrimitives.WriteInt32LittleEndian(entry, radiograph.OriginalWidth);
        BinaryPrimitives.WriteInt32LittleEndian(entry[4..], radiograph.OriginalHeight);
        SHA256.HashData(pixels, entry[8..]);
        return pixels;
    }

    /// <summary>What is wrong with the image, or null.</summary>
    private static string? TryRead(string path, InputContract contract, Func<string, int, int, Radiograph> read, out Radiograph? radiograph)
    {
        radiograph = null;
        try
        {
            radiograph = read(path, contract.DecodeSize.Width, contract.DecodeSize.Height);
            return null;
        }
        catch (MarrowException e)
        {
            return e.Message;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{path}: can't be read ({e.Message}).";
        }
    }

    private static MarrowException Unreadable(IReadOnlyList<string> messages, int count) => new(
        $"{messages.Count} of {count} images can't be read. Repair them or take them out of the data set:\n  "
        + string.Join("\n  ", messages.Take(ListedFiles))
        + (messages.Count > ListedFiles ? $"\n  and {messages.Count - ListedFiles} more" : ""));

    /// <summary>On all cores; throws the first error as it is, not wrapped.</summary>
    private static void InParallel(int count, CancellationToken cancellation, Action<int> body)
    {
        try
        {
            var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellation };
            Parallel.For(0, count, options, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}

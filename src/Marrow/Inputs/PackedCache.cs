using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Marrow.Datasets;
using Marrow.Imaging;
using Microsoft.Win32.SafeHandles;

namespace Marrow.Inputs;

/// <summary>
/// The prepared bytes of all samples in one file (the trick of FFCV, Leclerc et al. 2023): an image is decoded once, not
/// once an epoch. The file is named by what it depends on (the preprocessing and each image's id, size and time of
/// change), so that a changed image or contract leads to another file; every image in it is checked against its SHA-256
/// when the file is opened, and a damaged file is made anew. It is read, not mapped, and each read is held against a
/// checksum taken then: what is cut or written over while it is in use is an error, not other numbers or a dead process.
/// Layout, little-endian: "MARROWPK", key [32], SHA-256 of the index [32]; index, per image: original width and height
/// (int32), SHA-256 of its bytes; from the next multiple of 4096 on the images, [height * width] bytes each; with
/// <see cref="InputContract.PackedBorder"/> on all sides where the samples are windows of images.
/// </summary>
public sealed class PackedCache : IDisposable
{
    private const int HeaderSize = 8 + 32 + 32;
    private const int EntrySize = 4 + 4 + 32;
    private const int Alignment = 4096; // a page of the disk
    private const int ListedFiles = 10;
    private const int ImagesBetweenGlances = 256; // at the wish to stop; fewer are checked before anybody could have it

    private readonly SafeFileHandle _file;
    private readonly byte[] _header = new byte[HeaderSize];
    private readonly byte[] _index;
    private readonly uint[] _checksums;
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
        _index = new byte[samples.Count * EntrySize];
        _checksums = new uint[samples.Count];
        _file = InputFile.OpenHandle(path, InputFile.AnySize);
    }

    public string Path { get; }

    /// <summary>Images in it.</summary>
    public int Count => _indices.Count;

    /// <summary>True when this call of <see cref="Open"/> decoded the images, false when it found them packed.</summary>
    public bool WasBuilt { get; private init; }

    /// <summary>Where the file lies in the temporary folder; null elsewhere.</summary>
    private ScratchFolder? Scratch { get; set; }

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
            return TryOpen(path, distinct, contract, key, cancellation, built: true) ?? throw Changed(path);
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
            var cache = TryOpen(path, samples, contract, key, CancellationToken.None, built: true) ?? throw Changed(path);
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
    /// [Height * Width] bytes, of windows with their border. Throws <see cref="MarrowException"/> when the file has been
    /// changed since it was opened.
    /// </summary>
    public ReadOnlySpan<byte> Pixels(int index)
    {
        var pixels = new byte[ImageBytes];
        Read(index, pixels);
        return pixels;
    }

    /// <summary>Of one image.</summary>
    internal int ImageBytes => PackedSize(_contract);

    /// <summary>SHA-256 of the image's bytes, as they were packed.</summary>
    internal ReadOnlySpan<byte> Hash(int index) => Entry(index)[8..];

    /// <summary>Fills <paramref name="pixels"/>, of <see cref="ImageBytes"/>; any thread may. Throws as <see cref="Pixels"/> does.</summary>
    internal void Read(int index, Span<byte> pixels)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _users) == 0, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        if (!TryRead(index, pixels) || Checksum(pixels) != _checksums[index])
            throw Changed(Path);
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

    private static int PackedSize(InputContract contract)
    {
        var (x, y) = contract.PackedBorder;
        return checked((contract.Width + 2 * x) * (contract.Height + 2 * y));
    }

    private ReadOnlySpan<byte> Entry(int index)
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _users) == 0, this);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
        return _index.AsSpan(index * EntrySize, EntrySize);
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
    private static PackedCache? TryOpen(string path, IReadOnlyList<Sample> samples, InputContract contract, byte[] key, CancellationToken cancellation, bool built = false)
    {
        var size = PackedSize(contract);
        var length = ImagesStart(samples.Count) + (long)samples.Count * size;
        PackedCache cache;
        try
        {
            if (!UserCache.Trusts(path) || new FileInfo(path) is not { Exists: true } file || file.Length != length)
                return null;
            cache = new PackedCache(path, contract, samples) { WasBuilt = built };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Whatever it is, writing it anew either mends it or says what is wrong.
        }
        try
        {
            if (cache.IsWhole(key, cancellation))
                return cache;
        }
        catch
        {
            cache.Dispose();
            throw;
        }
        cache.Dispose();
        return null;
    }

    /// <summary>Takes the index and the checksums on its way.</summary>
    private bool IsWhole(byte[] key, CancellationToken cancellation)
    {
        if (!TryReadAll(_header, 0) || !TryReadAll(_index, HeaderSize))
            return false;
        var header = _header.AsSpan();
        if (!header[..8].SequenceEqual("MARROWPK"u8) || !header[8..40].SequenceEqual(key) || !header[40..].SequenceEqual(SHA256.HashData(_index)))
            return false;
        var isWhole = true;
        Parallel.For(0, Count, new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, () => new byte[ImageBytes], (i, loop, pixels) =>
        {
            if (i % ImagesBetweenGlances == ImagesBetweenGlances - 1 && cancellation.IsCancellationRequested)
                loop.Stop();
            if (TryRead(i, pixels) && SHA256.HashData(pixels).AsSpan().SequenceEqual(Hash(i)))
            {
                _checksums[i] = Checksum(pixels);
                return pixels;
            }
            isWhole = false;
            loop.Stop();
            return pixels;
        }, _ => { });
        if (Count >= ImagesBetweenGlances)
            cancellation.ThrowIfCancellationRequested();
        return isWhole;
    }

    private bool TryRead(int index, Span<byte> pixels) => TryReadAll(pixels, ImagesStart(Count) + (long)index * pixels.Length);

    /// <summary>False when the file ends before, or can't be read.</summary>
    private bool TryReadAll(Span<byte> bytes, long offset)
    {
        try
        {
            while (bytes.Length > 0)
            {
                var read = RandomAccess.Read(_file, bytes, offset);
                if (read == 0)
                    return false;
                bytes = bytes[read..];
                offset += read;
            }
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>CRC-32C, for which processors have an instruction: a hundredth of what augmenting the image takes.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var eight in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, eight);
        foreach (var one in bytes[(bytes.Length / sizeof(ulong) * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, one);
        return crc;
    }

    private static MarrowException Changed(string path) => MarrowException.Bad(path, "the images as they were packed", "other bytes, or fewer",
        "Something has changed this file while it was in use, or the disk is failing. Start again, a run with --resume: it is packed anew.");

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

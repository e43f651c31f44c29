using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Marrow.Inputs;

/// <summary>
/// A file of packed images, open to be read. Which images are in it is known when it is opened; those that are read are
/// checked first against their SHA-256, and each read is held against a checksum taken then. Layout, little-endian:
/// "MARROWP2", key of the preprocessing [32], count (int64), SHA-256 of the index [32]; index, per image: its key [32],
/// original width and height (int32), SHA-256 of its bytes [32]; from the next multiple of 4096 on the images.
/// </summary>
internal sealed class PackedFile : IDisposable
{
    /// <summary>The size in bytes of a key, whether of the preprocessing or of an image.</summary>
    public const int KeySize = 32;

    /// <summary>The size in bytes of one image's entry in the index.</summary>
    public const int EntrySize = KeySize + 4 + 4 + 32;

    private const int HeaderSize = 8 + KeySize + 8 + 32;
    private const int Alignment = 4096; // a page of the disk
    private const int ImagesBetweenGlances = 256; // at the wish to stop; fewer are checked before anybody could have it

    /// <summary>Counts, by path, how many times this process has each file open.</summary>
    private static readonly ConcurrentDictionary<string, int> Opened = new(StringComparer.Ordinal);

    private readonly SafeFileHandle _file;
    private readonly byte[] _index;
    private readonly uint[] _checksums;
    private readonly int _imageBytes;

    private PackedFile(string path, SafeFileHandle file, byte[] index, int imageBytes)
    {
        (Path, _file, _index, _imageBytes) = (path, file, index, imageBytes);
        Count = index.Length / EntrySize;
        _checksums = new uint[Count];
        Opened.AddOrUpdate(System.IO.Path.GetFullPath(path), 1, (_, times) => times + 1);
    }

    private static ReadOnlySpan<byte> Magic => "MARROWP2"u8;

    public string Path { get; }

    /// <summary>The number of images in the file.</summary>
    public int Count { get; }

    /// <summary>Returns true when this process has the file open.</summary>
    public static bool IsOpen(string path) => Opened.GetValueOrDefault(System.IO.Path.GetFullPath(path)) > 0;

    /// <summary>Opens a file; null when it does not exist, is incomplete or has another key.</summary>
    public static PackedFile? TryOpen(string path, int imageBytes, byte[] key)
    {
        SafeFileHandle? handle = null;
        try
        {
            if (!UserCache.Trusts(path) || new FileInfo(path) is not { Exists: true } file)
                return null;
            handle = InputFile.OpenHandle(path, InputFile.AnySize);
            if (ReadIndex(handle, file.Length, imageBytes, key) is { } index)
                return new PackedFile(path, handle, index, imageBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Whatever it is, writing it anew either mends it or says what is wrong.
        }
        handle?.Dispose();
        return null;
    }

    private static byte[]? ReadIndex(SafeFileHandle file, long length, int imageBytes, byte[] key)
    {
        var header = new byte[HeaderSize];
        if (
            !TryReadAll(file, header, 0)
            || !header.AsSpan(0, 8).SequenceEqual(Magic)
            || !header.AsSpan(8, KeySize).SequenceEqual(key))
            return null;
        var count = BinaryPrimitives.ReadInt64LittleEndian(header.AsSpan(8 + KeySize));
        if (count < 0 || count > length / EntrySize || length != LengthOf((int)count, imageBytes))
            return null;
        var index = new byte[count * EntrySize];
        return
            TryReadAll(file, index, HeaderSize) && header.AsSpan(8 + KeySize + 8).SequenceEqual(SHA256.HashData(index))
            ? index
            : null;
    }

    /// <summary>Returns the key by which an image is found.</summary>
    public ReadOnlySpan<byte> Key(int image) => Entry(image)[..KeySize];

    /// <summary>
    /// Computes checksums of the images that will be read. Returns false when one of them differs from what was packed.
    /// </summary>
    public bool AreWhole(IReadOnlyList<int> images, CancellationToken cancellation)
    {
        var areWhole = true;
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, images.Count, options, () => new byte[_imageBytes], (i, loop, pixels) =>
        {
            if (i % ImagesBetweenGlances == ImagesBetweenGlances - 1 && cancellation.IsCancellationRequested)
                loop.Stop();
            if (TryRead(images[i], pixels) && SHA256.HashData(pixels).AsSpan().SequenceEqual(Hash(images[i])))
            {
                _checksums[images[i]] = Checksum(pixels);
                return pixels;
            }
            areWhole = false;
            loop.Stop();
            return pixels;
        }, _ => { });
        if (images.Count >= ImagesBetweenGlances)
            cancellation.ThrowIfCancellationRequested();
        return areWhole;
    }

    /// <summary>Returns the size in bytes of a file with this many images.</summary>
    public static long LengthOf(int count, int imageBytes) => PlaceOf(count, count, imageBytes);

    /// <summary>Returns the position at which an image's bytes begin.</summary>
    public static long PlaceOf(int image, int count, int imageBytes) =>
        (HeaderSize + (long)count * EntrySize + Alignment - 1) / Alignment * Alignment + (long)image * imageBytes;

    /// <summary>Writes everything that precedes the images.</summary>
    public static void WriteStart(Stream stream, byte[] key, byte[] index)
    {
        stream.Position = 0;
        stream.Write(Magic);
        stream.Write(key);
        var count = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(count, index.Length / EntrySize);
        stream.Write(count);
        stream.Write(SHA256.HashData(index));
        stream.Write(index);
    }

    /// <summary>Writes the entry of an image into the index.</summary>
    public static void WriteEntry(
        Span<byte> entry,
        ReadOnlySpan<byte> key,
        int width,
        int height,
        ReadOnlySpan<byte> pixels)
    {
        key.CopyTo(entry);
        BinaryPrimitives.WriteInt32LittleEndian(entry[KeySize..], width);
        BinaryPrimitives.WriteInt32LittleEndian(entry[(KeySize + 4)..], height);
        SHA256.HashData(pixels, entry[(KeySize + 8)..]);
    }

    public static MarrowException Changed(string path) => MarrowException.Damaged(path,
        "the images as they were packed", "other bytes, or fewer",
        "Something has changed this file while it was in use, or the disk is failing. "
        + "Start again, a run with --resume: it is packed anew.");

    /// <summary>Returns the size of the original image, in pixels.</summary>
    public (int Width, int Height) OriginalSize(int image)
    {
        var entry = Entry(image);
        return (
            BinaryPrimitives.ReadInt32LittleEndian(entry[KeySize..]),
            BinaryPrimitives.ReadInt32LittleEndian(entry[(KeySize + 4)..]));
    }

    /// <summary>Returns the SHA-256 of the image's bytes when they were packed.</summary>
    public ReadOnlySpan<byte> Hash(int image) => Entry(image)[(KeySize + 8)..];

    /// <summary>
    /// Reads an image. Any thread may call it. Throws <see cref="MarrowException"/> when the file was changed after it
    /// was opened.
    /// </summary>
    public void Read(int image, Span<byte> pixels)
    {
        if (!TryRead(image, pixels) || Checksum(pixels) != _checksums[image])
            throw Changed(Path);
    }

    /// <summary>
    /// Closes the file and marks it as used until now, which matters when the least recently used files are removed.
    /// </summary>
    public void Dispose()
    {
        CacheBound.Touch(Path);
        _file.Dispose();
        var full = System.IO.Path.GetFullPath(Path);
        Opened.AddOrUpdate(full, 0, (_, times) => times - 1);
        Opened.TryRemove(KeyValuePair.Create(full, 0));
    }

    private ReadOnlySpan<byte> Entry(int image) => _index.AsSpan(image * EntrySize, EntrySize);

    private bool TryRead(int image, Span<byte> pixels) => TryReadAll(_file, pixels, PlaceOf(image, Count, _imageBytes));

    /// <summary>Reads bytes from a position on. Returns false when the file is shorter or can't be read.</summary>
    private static bool TryReadAll(SafeFileHandle file, Span<byte> bytes, long offset)
    {
        try
        {
            while (bytes.Length > 0)
            {
                var read = RandomAccess.Read(file, bytes, offset);
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

    /// <summary>
    /// Computes CRC-32C, for which processors have an instruction. It takes a hundredth of the time of augmenting the
    /// image.
    /// </summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var eight in MemoryMarshal.Cast<byte, ulong>(bytes))
            crc = BitOperations.Crc32C(crc, eight);
        foreach (var one in bytes[(bytes.Length / sizeof(ulong) * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, one);
        return crc;
    }
}

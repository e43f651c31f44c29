using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Marrow.Inputs;

/// <summary>
/// A file of packed images, open to be read. Every image is checked against its SHA-256 when the file is opened; each
/// read is held against a checksum taken then. Layout, little-endian: "MARROWPK", key [32], SHA-256 of the index [32];
/// index, per image: original width and height (int32), SHA-256 of its bytes; from the next multiple of 4096 on the
/// images.
/// </summary>
internal sealed class PackedFile : IDisposable
{
    /// <summary>The bytes of one image's entry in the index.</summary>
    public const int EntrySize = 4 + 4 + 32;

    private const int HeaderSize = 8 + 32 + 32;
    private const int Alignment = 4096; // a page of the disk
    private const int ImagesBetweenGlances = 256; // at the wish to stop; fewer are checked before anybody could have it

    /// <summary>How often this process has each file open.</summary>
    private static readonly ConcurrentDictionary<string, int> Opened = new(StringComparer.Ordinal);

    private readonly SafeFileHandle _file;
    private readonly byte[] _index;
    private readonly uint[] _checksums;
    private readonly int _imageBytes;

    private PackedFile(string path, int count, int imageBytes)
    {
        (Path, Count, _imageBytes) = (path, count, imageBytes);
        _index = new byte[count * EntrySize];
        _checksums = new uint[count];
        _file = InputFile.OpenHandle(path, InputFile.AnySize);
        Opened.AddOrUpdate(System.IO.Path.GetFullPath(path), 1, (_, times) => times + 1);
    }

    public string Path { get; }

    /// <summary>How many images it holds.</summary>
    public int Count { get; }

    /// <summary>Whether this process has it open.</summary>
    public static bool IsOpen(string path) => Opened.GetValueOrDefault(System.IO.Path.GetFullPath(path)) > 0;

    /// <summary>Null when there is no file, or not a whole one of this key.</summary>
    public static PackedFile? TryOpen(string path, int count, int imageBytes, byte[] key,
        CancellationToken cancellation)
    {
        PackedFile packed;
        try
        {
            if (!UserCache.Trusts(path) || new FileInfo(path) is not { Exists: true } file
                || file.Length != LengthOf(count, imageBytes))
                return null;
            packed = new PackedFile(path, count, imageBytes);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // Whatever it is, writing it anew either mends it or says what is wrong.
        }
        try
        {
            if (packed.IsWhole(key, cancellation))
            {
                CacheBound.Touch(path);
                return packed;
            }
        }
        catch
        {
            packed.Close();
            throw;
        }
        packed.Close();
        return null;
    }

    /// <summary>Bytes of a file of so many images.</summary>
    public static long LengthOf(int count, int imageBytes) => PlaceOf(count, count, imageBytes);

    /// <summary>Where an image's bytes begin.</summary>
    public static long PlaceOf(int image, int count, int imageBytes) =>
        (HeaderSize + (long)count * EntrySize + Alignment - 1) / Alignment * Alignment + (long)image * imageBytes;

    /// <summary>All that stands before the images.</summary>
    public static void WriteStart(Stream stream, byte[] key, byte[] index)
    {
        stream.Position = 0;
        stream.Write("MARROWPK"u8);
        stream.Write(key);
        stream.Write(SHA256.HashData(index));
        stream.Write(index);
    }

    /// <summary>Fills an image's entry in the index.</summary>
    public static void WriteEntry(Span<byte> entry, int width, int height, ReadOnlySpan<byte> pixels)
    {
        BinaryPrimitives.WriteInt32LittleEndian(entry, width);
        BinaryPrimitives.WriteInt32LittleEndian(entry[4..], height);
        SHA256.HashData(pixels, entry[8..]);
    }

    public static MarrowException Changed(string path) => MarrowException.Damaged(path,
        "the images as they were packed", "other bytes, or fewer",
        "Something has changed this file while it was in use, or the disk is failing. "
        + "Start again, a run with --resume: it is packed anew.");

    /// <summary>Of the image's file, px.</summary>
    public (int Width, int Height) OriginalSize(int image)
    {
        var entry = Entry(image);
        return (BinaryPrimitives.ReadInt32LittleEndian(entry), BinaryPrimitives.ReadInt32LittleEndian(entry[4..]));
    }

    /// <summary>SHA-256 of the image's bytes, as they were packed.</summary>
    public ReadOnlySpan<byte> Hash(int image) => Entry(image)[8..];

    /// <summary>
    /// Any thread may. Throws <see cref="MarrowException"/> when the file has been changed since it was opened.
    /// </summary>
    public void Read(int image, Span<byte> pixels)
    {
        if (!TryRead(image, pixels) || Checksum(pixels) != _checksums[image])
            throw Changed(Path);
    }

    /// <summary>It was in use until now.</summary>
    public void Dispose()
    {
        CacheBound.Touch(Path);
        Close();
    }

    private void Close()
    {
        _file.Dispose();
        var full = System.IO.Path.GetFullPath(Path);
        Opened.AddOrUpdate(full, 0, (_, times) => times - 1);
        Opened.TryRemove(KeyValuePair.Create(full, 0));
    }

    private ReadOnlySpan<byte> Entry(int image) => _index.AsSpan(image * EntrySize, EntrySize);

    /// <summary>Takes the index and the checksums on its way.</summary>
    private bool IsWhole(byte[] key, CancellationToken cancellation)
    {
        var header = new byte[HeaderSize];
        if (!TryReadAll(header, 0) || !TryReadAll(_index, HeaderSize))
            return false;
        if (!header.AsSpan(0, 8).SequenceEqual("MARROWPK"u8) || !header.AsSpan(8, 32).SequenceEqual(key)
            || !header.AsSpan(40).SequenceEqual(SHA256.HashData(_index)))
            return false;
        var isWhole = true;
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount };
        Parallel.For(0, Count, options, () => new byte[_imageBytes], (i, loop, pixels) =>
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

    private bool TryRead(int image, Span<byte> pixels) => TryReadAll(pixels, PlaceOf(image, Count, _imageBytes));

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
}

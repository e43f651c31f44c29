using System.Security.Cryptography;
using Marrow.Datasets;
using Marrow.Imaging;
using TorchSharp;

namespace Marrow.Inputs;

/// <summary>
/// The masks of a data set, ready to be moved with their images. Polygons are filled anew for each augmentation, which
/// is exact. A PNG is brought to the input's size once and kept in packed caches, one a class: what share of each input
/// pixel the class covers. Shares are moved as grey values are, and the class with the largest share of a pixel has it,
/// so that edges stay where they are to a fraction of a pixel.
/// </summary>
internal sealed class MaskPack : IDisposable
{
    private readonly InputContract _shares;
    private readonly IReadOnlyList<PackedCache> _classes;
    private readonly int _classCount;

    private MaskPack(InputContract shares, IReadOnlyList<PackedCache> classes, int classCount) =>
        (_shares, _classes, _classCount) = (shares, classes, classCount);

    /// <summary>
    /// Finds or makes the packed files of all PNG masks. Throws <see cref="MarrowException"/> when a mask can't be
    /// read, has another size than its image or holds a value that is no class.
    /// </summary>
    /// <param name="classCount">The largest value of a mask; 0 is the background.</param>
    /// <param name="cacheFolder">The folder of the cache, as in <see cref="PackedCache.Open"/>.</param>
    public static MaskPack Open(
        IReadOnlyList<Sample> samples,
        InputContract contract,
        int classCount,
        string? cacheFolder = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(classCount, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(classCount, MaskFile.MostClasses);
        var shares = contract with
        {
            Channels = 1,
            Window = WindowKind.FullRange,
            Mean = 0,
            Std = 1,
            ChannelMeans = null,
            ChannelStds = null,
        };
        var caches = new List<PackedCache>();
        var drawn = samples.Where(s => s.MaskPath is not null).ToList();
        for (var c = 1; c <= classCount && drawn.Count > 0; c++)
        {
            var value = c;
            caches.Add(
                PackedCache.Open(
                    [.. drawn.Select(s => AsImage(s, value))],
                    shares,
                    cacheFolder,
                    read: (path, _, _) => Share(path, value, classCount),
                    cancellation: cancellation));
        }
        return new MaskPack(shares, caches, classCount);
    }

    /// <summary>
    /// [height * width]: the class of each pixel of the image as its file has it. Throws <see cref="MarrowException"/>
    /// when the mask can't be read.
    /// </summary>
    /// <param name="width">The width of the image in pixels.</param>
    public byte[] Original(Sample sample, int width, int height)
    {
        if (sample.MaskPath is not { } path)
        {
            var filled = new byte[checked(width * height)];
            FillAreas(filled, width, height, sample, AffineTransform.Identity);
            return filled;
        }
        var mask = MaskFile.Read(path, _classCount);
        return (mask.Width, mask.Height) == (width, height) ? mask.Classes
            : throw MarrowException.Bad(
                path,
                $"{width}x{height} px as its image has",
                $"{mask.Width}x{mask.Height}",
                "Save the mask at the image's size.");
    }

    /// <summary>The SHA-256, in hexadecimal, over the shares of every class on every image.</summary>
    internal string Digest
    {
        get
        {
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var cache in _classes)
            {
                for (var i = 0; i < cache.Count; i++)
                    hash.AppendData(cache.Hash(i));
            }
            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
    }

    public void Dispose()
    {
        foreach (var cache in _classes)
            cache.Dispose();
    }

    internal void Retain()
    {
        foreach (var cache in _classes)
            cache.Retain();
    }

    internal void Release()
    {
        foreach (var cache in _classes)
            cache.Release();
    }

    /// <summary>Creates a renderer, which only one thread may use.</summary>
    internal MaskRenderer Renderer() => new(_shares, _classes);

    /// <summary>
    /// Copies masks into a tensor [N, H, W] of bytes. The array may be longer than needed. The caller disposes the
    /// tensor.
    /// </summary>
    internal static torch.Tensor ToTensor(ReadOnlySpan<byte> masks, int count, InputContract contract)
    {
        var tensor = torch.empty([count, contract.Height, contract.Width], torch.uint8, torch.CPU);
        masks[..(count * contract.Height * contract.Width)].CopyTo(tensor.bytes);
        return tensor;
    }

    /// <summary>Fills a sample's transformed polygons with class 1, and leaves all other pixels unchanged.</summary>
    internal static void FillAreas(Span<byte> mask, int width, int height, Sample sample, AffineTransform toMask)
    {
        if (!sample.HasMask)
            throw new ArgumentException($"{sample.Id} has no mask.", nameof(sample));
        foreach (var area in sample.MaskAreas)
            PolygonFill.Fill(mask, width, height, [.. area.Select(toMask.Apply)], 1);
    }

    /// <summary>
    /// Presents one class of a mask as an image. Its id distinguishes it from the image and from the other classes.
    /// </summary>
    internal static Sample AsImage(Sample sample, int value) =>
        sample with
        {
            Id = $"{sample.Id}#{value}",
            ImagePath = sample.MaskPath!,
        };

    /// <summary>Returns an image that is white where the mask has this class.</summary>
    private static Radiograph Share(string path, int value, int classCount)
    {
        var (classes, width, height) = MaskFile.Read(path, classCount);
        return new(
            width,
            height,
            [.. classes.Select(c => c == value ? (ushort)byte.MaxValue : (ushort)0)],
            8,
            path);
    }
}

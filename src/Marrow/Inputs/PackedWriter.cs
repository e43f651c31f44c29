using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Text;
using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Inputs;

/// <summary>
/// Makes a file of packed images: each image is decoded once and prepared on all cores, and the file gets its name when
/// all of them are in it. Images that can't be read are told of together, and leave no file.
/// </summary>
internal static class PackedWriter
{
    private const int ListedFiles = 10;

    /// <summary>Returns the SHA-256 of the preprocessing, on which the bytes of every image depend.</summary>
    public static byte[] Key(InputContract contract)
    {
        var whole = string.Create(CultureInfo.InvariantCulture,
            $"{Preprocessor.Version} {contract.Width} {contract.Height} {contract.Fit} {contract.WindowLow:R} "
                + $"{contract.WindowHigh:R} {contract.CropShare:R} {contract.Window} {contract.PackedBorder}");
        return Hash(contract.Strip is not { } strip
            ? whole
            : whole + FormattableString.Invariant($" strip {strip.Ends:R} {contract.PackedDensity:R}"));
    }

    /// <summary>Returns a SHA-256 that changes with the image and with the contents of its file.</summary>
    public static byte[] Key(Sample sample)
    {
        var file = new FileInfo(sample.ImagePath);
        var state = file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.Length} "
            + $"{file.LastWriteTimeUtc.Ticks}") : "absent";
        var part = sample.Crop is { } w
            ? FormattableString.Invariant($"{w.Center.X:R} {w.Center.Y:R} {w.Width:R} {w.Height:R} {w.TiltRadians:R}")
            : string.Join(' ', sample.Curve.Select(p => FormattableString.Invariant($"{p.X:R} {p.Y:R}")));
        return Hash($"{sample.Id}\n{state}\n{part}");
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Throws <see cref="MarrowException"/> when images can't be read (it lists up to ten) or the file can't be
    /// written.
    /// </summary>
    /// <param name="progress">Called from any thread, but never by two threads at once.</param>
    /// <param name="read">
    /// Reads a file as a radiograph; its other arguments are the smallest width and height that are needed.
    /// </param>
    /// <param name="keys">The keys of the samples; see <see cref="Key(Sample)"/>.</param>
    public static void Write(
        string path,
        IReadOnlyList<Sample> samples,
        IReadOnlyList<byte[]> keys,
        InputContract contract,
        Action<Progress>? progress, Func<string, int, int, Radiograph> read, CancellationToken cancellation)
    {
        var size = PackedCache.PackedSize(contract);
        var images = Enumerable
            .Range(0, samples.Count)
            .GroupBy(i => samples[i].ImagePath, StringComparer.Ordinal)
            .Select(g => g.ToArray())
            .ToList();
        var index = new byte[(long)samples.Count * PackedFile.EntrySize];
        var failures = new ConcurrentQueue<(int Sample, string Message)>();
        AtomicFile.Write(path, stream =>
        {
            stream.SetLength(PackedFile.LengthOf(samples.Count, size));
            var done = 0;
            // An image is decoded once, however many crops of it there are.
            InParallel(images.Count, cancellation, image =>
            {
                if (TryRead(samples[images[image][0]].ImagePath, contract, read, out var radiograph) is { } failure)
                    failures.Enqueue((images[image][0], failure));
                foreach (var i in images[image])
                {
                    var entry = index.AsSpan(i * PackedFile.EntrySize, PackedFile.EntrySize);
                    var pixels = radiograph is null
                        ? null
                        : Pack(radiograph, contract, samples[i], keys[i], entry);
                    lock (stream)
                    {
                        if (pixels is not null)
                        {
                            stream.Position = PackedFile.PlaceOf(i, samples.Count, size);
                            stream.Write(pixels);
                        }
                        progress?.Invoke(new("packing", ++done, samples.Count, ProgressUnit.Images));
                    }
                }
            });
            if (!failures.IsEmpty)
                throw Unreadable(failures.OrderBy(f => f.Sample).Select(f => f.Message).ToList(), images.Count);
            PackedFile.WriteStart(stream, Key(contract), index);
        });
    }

    /// <summary>Packs one sample, fills its entry in the index and returns the image's bytes.</summary>
    private static byte[] Pack(
        Radiograph radiograph,
        InputContract contract,
        Sample sample,
        byte[] key,
        Span<byte> entry)
    {
        var pixels = sample switch
        {
            { Curve.Count: > 0 } => Preprocessor.PackStrip(radiograph, contract, sample.Curve),
            { Crop: { } crop } => Preprocessor.PrepareCrop(radiograph, contract, crop, contract.PackedBorder).Pixels,
            _ => Preprocessor.Prepare(radiograph, contract).Pixels,
        };
        PackedFile.WriteEntry(entry, key, radiograph.OriginalWidth, radiograph.OriginalHeight, pixels);
        return pixels;
    }

    /// <summary>
    /// Tries to read an image. Returns a description of what is wrong with it, or null when it was read.
    /// </summary>
    private static string? TryRead(
        string path,
        InputContract contract,
        Func<string, int, int, Radiograph> read,
        out Radiograph? radiograph)
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

    /// <summary>
    /// Runs the action on all processor cores and throws the first exception itself, not wrapped in another one.
    /// </summary>
    private static void InParallel(int count, CancellationToken cancellation, Action<int> body)
    {
        try
        {
            var options = new ParallelOptions
            {
                MaxDegreeOfParallelism = Environment.ProcessorCount,
                CancellationToken = cancellation,
            };
            Parallel.For(0, count, options, body);
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}

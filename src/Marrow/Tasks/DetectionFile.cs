using System.Text;
using System.Text.Json;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Spine;

namespace Marrow.Tasks;

/// <summary>
/// Keeps what a detector saw on the images of a data set, as one JSON document for each line of a file in a run's
/// folder. Lines are only appended. A line that an interrupted process left incomplete is removed. An image that has
/// changed is examined again.
/// </summary>
internal sealed class DetectionFile : IDisposable
{
    private const long MaxBytes = 4L << 30; // two million images

    /// <param name="Bytes">The size of the image's file in bytes.</param>
    /// <param name="Modified">The time when the image's file was last changed, in ticks, UTC.</param>
    /// <param name="Corners">
    /// For each of the 17 vertebrae its top left, top right, bottom left and bottom right corner, each as x and y in
    /// original pixels.
    /// </param>
    private sealed record Line(string Id, long Bytes, long Modified, int Width, int Height, int Seen, double[] Corners);

    private const int Numbers = Vertebra.Count * 8;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);

    /// <summary>
    /// Opens the file or creates it. Throws <see cref="MarrowException"/> when it can't be read or written, or has
    /// other contents.
    /// </summary>
    public DetectionFile(string path)
    {
        _path = path;
        _file = Guard(() =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return PlainFile.TryOpen(path, alone: false) ?? throw new IOException("another process has it locked");
        });
        try
        {
            Guard(Read);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Returns what the detector saw on an image; null when it has not examined the image or the image has changed.
    /// </summary>
    public DetectedSpine? Find(Sample sample)
    {
        if (!_lines.TryGetValue(sample.Id, out var line) || State(sample) != (line.Bytes, line.Modified))
            return null;
        var vertebrae = line
            .Corners.Chunk(8)
            .Select(c => new Vertebra(new(c[0], c[1]), new(c[2], c[3]), new(c[4], c[5]), new(c[6], c[7])))
            .ToList();
        return new(line.Width, line.Height, vertebrae, line.Seen);
    }

    public void Add(Sample sample, DetectedSpine spine)
    {
        var (bytes, modified) = State(sample);
        var corners = spine
            .Vertebrae.SelectMany(v => (Point2D[])[v.TopLeft, v.TopRight, v.BottomLeft, v.BottomRight])
            .SelectMany(p => (double[])[p.X, p.Y]);
        var line = new Line(sample.Id, bytes, modified, spine.Width, spine.Height, spine.Seen, [.. corners]);
        _lines[sample.Id] = line;
        Guard(() =>
        {
            _file.Write([.. JsonSerializer.SerializeToUtf8Bytes(line, MarrowJson.Line), (byte)'\n']);
            _file.Flush();
            return true;
        });
    }

    public void Dispose() => _file.Dispose();

    private bool Read()
    {
        if (_file.Length > MaxBytes)
            throw Bad($"at most {MaxBytes >> 20} MiB", $"{_file.Length >> 20} MiB");
        var whole = 0L;
        using var reader = new StreamReader(
            _file,
            new UTF8Encoding(false),
            detectEncodingFromByteOrderMarks: false,
            leaveOpen: true);
        while (reader.ReadLine() is { } text)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            if (whole + bytes.Length >= _file.Length)
                break; // without its end of line: half written
            var line = MarrowJson.Decode<Line>(
                bytes,
                _path,
                "a detection",
                "Delete the file: the images are then looked at again.");
            if (line.Corners.Length != Numbers || line.Width < 1 || line.Height < 1)
                throw Bad(
                    $"{Numbers} numbers and a size above 0 for {line.Id}",
                    $"{line.Corners.Length} numbers, {line.Width} x {line.Height} px");
            _lines[line.Id] = line;
            whole += bytes.Length + 1;
        }
        _file.SetLength(whole);
        _file.Position = whole;
        return true;
    }

    private static (long Bytes, long Modified) State(Sample sample)
    {
        var file = new FileInfo(sample.ImagePath);
        return file.Exists ? (file.Length, file.LastWriteTimeUtc.Ticks) : (0, 0);
    }

    private MarrowException Bad(string expected, string found) =>
        MarrowException.Bad(_path, expected, found, "Delete the file: the images are then looked at again.");

    private T Guard<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{_path}: can't be read or written ({e.Message}). {Disk.Remedy(e)}", e);
        }
    }
}

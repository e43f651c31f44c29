using System.Text;
using System.Text.Json;
using Marrow.Datasets;
using Marrow.Imaging;

namespace Marrow.Tasks;

/// <summary>
/// Keeps what a first look found on the images of a data set, as one JSON document for each line of a file in a run's
/// folder. Lines are only appended. A line that an interrupted process left incomplete is removed. An image that has
/// changed is examined again.
/// </summary>
internal sealed class FirstLookFile : IDisposable
{
    private const long MaxBytes = 4L << 30; // two million images

    /// <param name="Bytes">The size of the image's file in bytes.</param>
    /// <param name="Modified">The time when the image's file was last changed, in ticks, UTC.</param>
    /// <param name="Found">What was found, as <see cref="FirstLook.Numbers"/>.</param>
    private sealed record Line(string Id, long Bytes, long Modified, int Width, int Height, double[] Found);

    private readonly string _path;
    private readonly IFirstLookTask _task;
    private readonly FileStream _file;
    private readonly Dictionary<string, Line> _lines = new(StringComparer.Ordinal);

    /// <summary>
    /// Opens the file or creates it. Throws <see cref="MarrowException"/> when it can't be read or written, or has
    /// other contents.
    /// </summary>
    /// <param name="task">The task of the model that looks first.</param>
    public FirstLookFile(string path, IFirstLookTask task)
    {
        (_path, _task) = (path, task);
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
    /// Returns what was found on an image; null when it has not been looked at or has changed since.
    /// </summary>
    public FirstLook? Find(Sample sample) =>
        _lines.TryGetValue(sample.Id, out var line) && State(sample) == (line.Bytes, line.Modified)
            ? _task.Restore(line.Width, line.Height, line.Found)
            : null;

    public void Add(Sample sample, FirstLook found)
    {
        var (bytes, modified) = State(sample);
        var line = new Line(sample.Id, bytes, modified, found.Width, found.Height, [.. found.Numbers]);
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
            if (line.Width < 1 || line.Height < 1 || _task.Restore(line.Width, line.Height, line.Found) is null)
                throw Bad(
                    $"what such a model finds, and a size above 0, for {line.Id}",
                    $"{line.Found.Length} numbers, {line.Width} x {line.Height} px");
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

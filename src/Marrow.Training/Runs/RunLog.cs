using System.Text.Json;
using Marrow.Training.Loop;
using TorchSharp.Modules;
using static TorchSharp.torch.utils;

namespace Marrow.Training.Runs;

/// <summary>
/// A stage's log: one JSON document a line in log.jsonl, and the same numbers for TensorBoard. A line that a killed
/// process or a full disk left half written is taken off when the log is opened again. What can't be logged is left
/// out: a run does not end for its log.
/// </summary>
internal sealed class RunLog : IDisposable
{
    private readonly string _path;
    private readonly FileStream _lines;
    private readonly SummaryWriter _board;
    private bool _isTold;

    /// <summary>
    /// Opens the log and creates its folder. Throws <see cref="MarrowException"/> when it can't be written.
    /// </summary>
    public RunLog(string folder)
    {
        _path = Path.Combine(folder, "log.jsonl");
        (_lines, _board) = Guard(() =>
        {
            Directory.CreateDirectory(folder);
            var board = tensorboard.SummaryWriter(Path.Combine(folder, "tensorboard"), createRunName: false);
            var lines = PlainFile.TryOpen(_path, alone: false)
                ?? throw new IOException("another process has it locked");
            SeekToLineEnd(lines);
            return (lines, board);
        });
    }

    /// <summary>
    /// Writes an event. Returns, once, a sentence for the reader when that is impossible; otherwise null.
    /// </summary>
    public string? Write(RunEvent e)
    {
        try
        {
            Append(e);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            var told = _isTold;
            _isTold = true;
            return told
                ? null
                : $"{_path}: can't be written ({error.Message.TrimEnd('.')}); the run goes on, and what can't be "
                    + $"logged is left out";
        }
    }

    private void Append(RunEvent e)
    {
        var start = _lines.Position;
        try
        {
            _lines.Write([.. JsonSerializer.SerializeToUtf8Bytes(e, MarrowJson.Line), (byte)'\n']);
        }
        catch (IOException)
        {
            _lines.SetLength(start);
            _lines.Position = start;
            throw;
        }
        foreach (var (name, value) in e.Losses)
            _board.add_scalar($"loss/{name}", (float)value, e.Step);
        foreach (var (name, value) in e.Unlabeled)
            _board.add_scalar($"unlabeled/{name}", (float)value, e.Step);
        foreach (var (name, value) in e.Metrics)
            _board.add_scalar($"validation/{name}", (float)value, e.Step);
        if (e.LearningRate is { } rate)
            _board.add_scalar("learningRate", (float)rate, e.Step);
    }

    public void Dispose()
    {
        foreach (var file in (IDisposable?[])[_lines, _board as IDisposable])
        {
            try
            {
                file?.Dispose();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Its last lines; the run is more than they are.
            }
        }
    }

    private static void SeekToLineEnd(FileStream lines)
    {
        var end = lines.Length;
        for (; end > 0; end--)
        {
            lines.Position = end - 1;
            if (lines.ReadByte() == '\n')
                break;
        }
        lines.SetLength(end);
        lines.Position = end;
    }

    private T Guard<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MarrowException($"{_path}: can't be written ({e.Message}). {Disk.Remedy(e)}", e);
        }
    }
}

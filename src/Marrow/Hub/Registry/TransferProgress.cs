using System.Diagnostics;

namespace Marrow.Hub.Registry;

/// <summary>How far the transfer of one checkpoint is.</summary>
/// <param name="Checkpoint">Its name.</param>
/// <param name="Done">Bytes that are there: sent or fetched, or no longer needed to be.</param>
/// <param name="BytesPerSecond">Over the line, since it began.</param>
public sealed record TransferProgress(string Checkpoint, long Done, long Total, double BytesPerSecond)
{
    /// <summary>Null until there is a rate.</summary>
    public TimeSpan? Left => BytesPerSecond > 0 ? TimeSpan.FromSeconds((Total - Done) / BytesPerSecond) : null;
}

/// <summary>Adds up what the files of one checkpoint move, from any thread, and tells it now and then.</summary>
internal sealed class TransferMeter(string checkpoint, long total, Action<TransferProgress>? tell)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _turn = new();
    private TimeSpan _next;
    private long _done, _moved;

    /// <summary>Bytes that went over the line.</summary>
    public long Moved => Interlocked.Read(ref _moved);

    public void Move(long bytes) => Add(bytes, bytes);

    /// <summary>Bytes that were there already; negative for some that turned out not to be.</summary>
    public void Have(long bytes) => Add(bytes, 0);

    private void Add(long done, long moved)
    {
        lock (_turn)
        {
            _done += done;
            _moved += moved;
            if (tell is null || _clock.Elapsed < _next && _done < total)
                return;
            _next = _clock.Elapsed + Interval;
            tell(new(checkpoint, Math.Min(_done, total), total, _moved / Math.Max(_clock.Elapsed.TotalSeconds, 1e-3)));
        }
    }
}

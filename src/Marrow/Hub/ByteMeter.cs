using System.Diagnostics;

namespace Marrow.Hub;

/// <summary>
/// Adds up the bytes that one piece of work moves or reads, on any thread, and reports them from time to time.
/// </summary>
internal sealed class ByteMeter(string what, long total, Action<Progress>? tell)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly Lock _turn = new();
    private TimeSpan _next;
    private long _done, _moved;

    /// <summary>The number of bytes that were really moved.</summary>
    public long Moved => Interlocked.Read(ref _moved);

    public void Move(long bytes) => Add(bytes, bytes);

    /// <summary>
    /// Adds bytes that were there already. A negative number takes back bytes that turned out to be missing.
    /// </summary>
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
            var rate = _moved / Math.Max(_clock.Elapsed.TotalSeconds, 1e-3);
            tell(new(what, Math.Min(_done, total), total, ProgressUnit.Bytes) { PerSecond = rate });
        }
    }
}

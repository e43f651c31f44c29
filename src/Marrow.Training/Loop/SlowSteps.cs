using System.Globalization;

namespace Marrow.Training.Loop;

/// <summary>
/// Notices steps that take three times as long as the first ones, because something else has started to use the
/// processors or because these were slowed down. It reports once for each stage and changes nothing in the run.
/// </summary>
internal sealed class SlowSteps
{
    private const double Limit = 3;
    private const int WarmUp = 2; // steps, in which code is compiled and memory is found
    private const int Compared = 9; // steps of which the median counts, first and last

    private readonly List<double> _first = [];
    private readonly Queue<double> _last = [];
    private (int Images, int Frozen)? _kind;
    private int _warm;
    private bool _told;

    /// <summary>Returns a sentence about slow steps; null when there is nothing to report.</summary>
    /// <param name="images">
    /// The number of images in the step. When it rises, or fewer stages are frozen, steps rightly take longer and the
    /// comparison starts again.
    /// </param>
    public string? Add(double seconds, int images, int frozen)
    {
        if (_told)
            return null;
        if (_kind != (images, frozen))
        {
            (_kind, _warm) = ((images, frozen), 0);
            _first.Clear();
            _last.Clear();
        }
        if (_warm++ < WarmUp)
            return null;
        if (_first.Count < Compared)
        {
            _first.Add(seconds);
            return null;
        }
        _last.Enqueue(seconds);
        if (_last.Count > Compared)
            _last.Dequeue();
        if (_last.Count < Compared)
            return null;
        var (before, now) = (Median(_first), Median(_last));
        if (now < Limit * before)
            return null;
        _told = true;
        var times = (now / before).ToString("0.0", CultureInfo.InvariantCulture);
        return $"steps take {times} times as long as the first ones ({Seconds(before)}, now {Seconds(now)}). Look for "
            + $"another program on the processors (top), a quota, or a processor that is too hot."
            + " If that stays, Ctrl-C saves the state; --resume --threads 1 --allow-changed threads then goes on with "
            + "one thread, which waits for no other.";
    }

    private static double Median(IEnumerable<double> values) => values.Order().ElementAt(Compared / 2);

    private static string Seconds(double value) =>
        $"{value.ToString(value < 1 ? "0.000" : "0.0", CultureInfo.InvariantCulture)} s";
}

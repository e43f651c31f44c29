using System.Diagnostics;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Marrow.Cli;

/// <summary>
/// Draws how far work is: on a terminal a bar for each thing that goes on, with its numbers; elsewhere a plain line
/// every few seconds. Whatever the program shows of progress goes through here.
/// </summary>
internal sealed class ProgressDisplay
{
    private static readonly Look Counts = new(24, Wraps: true, TimeSpan.FromSeconds(10), ShowsEnds: true);

    // Names of checkpoints are long and need the room, and of a short transfer the result says enough.
    private static readonly Look Bytes = new(12, Wraps: false, TimeSpan.FromSeconds(5), ShowsEnds: false);

    private readonly Output _output;
    private readonly Look _look;
    private readonly ProgressContext? _context; // null off a terminal
    private readonly Dictionary<string, ProgressTask> _bars = [];
    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private TimeSpan _next;
    private string _what = "";

    private ProgressDisplay(Output output, Look look, ProgressContext? context) =>
        (_output, _look, _context, _next) = (output, look, context, look.Interval);

    /// <summary>Does <paramref name="work"/>, which is given the function to tell by, from any thread.</summary>
    /// <param name="unit">What the work counts.</param>
    public static T Show<T>(Output output, ProgressUnit unit, Func<Action<Progress>, T> work) =>
        Show<Progress, T>(output, unit, (display, at) => display.Draw(at, Numbers(at)), work);

    /// <summary>The same for work that tells more: <paramref name="draw"/> is given one event at a time.</summary>
    public static T Show<TEvent, T>(
        Output output, ProgressUnit unit, Action<ProgressDisplay, TEvent> draw, Func<Action<TEvent>, T> work)
    {
        var look = unit == ProgressUnit.Bytes ? Bytes : Counts;
        if (!output.IsLive)
            return work(Drawing(null));
        return output.Progress.Progress()
            .AutoClear(false)
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = look.BarWidth },
                new PercentageColumn(),
                new NumbersColumn(look.Wraps))
            .Start(context => work(Drawing(context)));

        Action<TEvent> Drawing(ProgressContext? context)
        {
            var (display, turn) = (new ProgressDisplay(output, look, context), new Lock());
            return e =>
            {
                lock (turn)
                    draw(display, e);
            };
        }
    }

    /// <summary>"12.4/31.0 MiB  8.1 MiB/s  left 0:02" or "step 120/900", as far as known.</summary>
    public static string Numbers(Progress at)
    {
        if (at.Unit != ProgressUnit.Bytes)
            return at.Total > 0 ? $"step {at.Done}/{at.Total}" : "";
        var rate = at.PerSecond is { } speed ? $"  {NumberText.MiB(speed)} MiB/s" : "";
        var left = at.Done < at.Total && at.Left is { TotalDays: < 1 } time ? $"  left {NumberText.Clock(time)}" : "";
        return $"{NumberText.MiB(at.Done)}/{NumberText.MiB(at.Total)} MiB{rate}{left}";
    }

    /// <summary>On a terminal the bar of what goes on; elsewhere a line, when one is due.</summary>
    /// <param name="numbers">What stands beside the bar or in the line; null leaves what stands beside the bar.</param>
    /// <param name="isDue">True for a line that does not wait for its time.</param>
    public void Draw(Progress at, string? numbers, bool isDue = false)
    {
        if (_context is not null)
            DrawBar(_context, at, numbers);
        else
            DrawLine(at, numbers ?? "", isDue);
    }

    private void DrawLine(Progress at, string numbers, bool isDue)
    {
        var isFirstOrLast = at.What != _what || at.Total > 0 && at.Done >= at.Total;
        if (numbers.Length == 0 || !isDue && !(_look.ShowsEnds && isFirstOrLast) && _clock.Elapsed < _next)
            return;
        _output.Note($"{at.What}: {numbers}");
        (_next, _what) = (_clock.Elapsed + _look.Interval, at.What);
    }

    private void DrawBar(ProgressContext context, Progress at, string? numbers)
    {
        if (!_bars.TryGetValue(at.What, out var bar))
            bar = _bars[at.What] = context.AddTask(Lines.Plain(at.What));
        bar.IsIndeterminate = at.Total == 0;
        if (at.Total == 0)
            return;
        (bar.MaxValue, bar.Value, bar.Tag) = (at.Total, at.Done, numbers ?? bar.Tag);
    }

    /// <summary>How one kind of progress looks.</summary>
    /// <param name="Wraps">Whether the numbers take several lines on a narrow terminal.</param>
    /// <param name="Interval">The time between two plain lines.</param>
    /// <param name="ShowsEnds">Whether the first and the last plain line of each thing are shown at once.</param>
    private sealed record Look(int BarWidth, bool Wraps, TimeSpan Interval, bool ShowsEnds);

    /// <summary>The newest numbers of a bar.</summary>
    private sealed class NumbersColumn(bool wraps) : ProgressColumn
    {
        protected override bool NoWrap => !wraps;

        public override IRenderable Render(RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(task.Tag as string ?? "", Style.Plain).Overflow(Overflow.Ellipsis);
    }
}

using System.Diagnostics;
using Marrow.Hub.Registry;
using Spectre.Console;

namespace Marrow.Cli;

/// <summary>
/// Shows bytes on their way, to a registry, from one, or past the eyes of a check: on a terminal a bar for each checkpoint
/// with its rate and the time left; elsewhere a plain line every few seconds.
/// </summary>
internal static class TransferDisplay
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(5);

    public static T Show<T>(Output output, Func<Action<TransferProgress>, Task<T>> work) => Show(output, show => work(show).GetAwaiter().GetResult());

    public static T Show<T>(Output output, Func<Action<TransferProgress>, T> work)
    {
        if (!output.IsLive)
            return work(Plain(output));
        return output.Progress.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 12 }, new PercentageColumn(), new NumbersColumn())
            .Start(context => work(Bars(context)));
    }

    /// <summary>For work that tells (bytes done, bytes in all): the rate is measured here.</summary>
    public static T Show<T>(Output output, string what, Func<Action<long, long>, T> work)
    {
        var clock = Stopwatch.StartNew();
        return Show(output, show => work((done, total) => show(new(what, done, total, done / Math.Max(clock.Elapsed.TotalSeconds, 1e-3)))));
    }

    /// <summary>"12.4/31.0 MiB  8.1 MiB/s  left 0:02".</summary>
    public static string Numbers(TransferProgress at)
    {
        var left = at.Done < at.Total && at.Left is { TotalDays: < 1 } time ? $"  left {NumberText.Clock(time)}" : "";
        return $"{NumberText.MiB(at.Done)}/{NumberText.MiB(at.Total)} MiB  {NumberText.MiB(at.BytesPerSecond)} MiB/s{left}";
    }

    private static Action<TransferProgress> Plain(Output output)
    {
        var (clock, next, turn) = (Stopwatch.StartNew(), PlainInterval, new Lock());
        return at =>
        {
            lock (turn)
            {
                if (clock.Elapsed < next)
                    return;
                next = clock.Elapsed + PlainInterval;
                output.Note($"{at.Checkpoint}: {Numbers(at)}");
            }
        };
    }

    private static Action<TransferProgress> Bars(ProgressContext context)
    {
        var (tasks, turn) = (new Dictionary<string, ProgressTask>(), new Lock());
        return at =>
        {
            lock (turn)
            {
                if (!tasks.TryGetValue(at.Checkpoint, out var task))
                    task = tasks[at.Checkpoint] = context.AddTask(Lines.Plain(at.Checkpoint), new ProgressTaskSettings { MaxValue = Math.Max(at.Total, 1) });
                (task.MaxValue, task.Value, task.Tag) = (Math.Max(at.Total, 1), at.Done, Numbers(at));
            }
        };
    }

    private sealed class NumbersColumn : ProgressColumn
    {
        protected override bool NoWrap => true;

        public override Spectre.Console.Rendering.IRenderable Render(Spectre.Console.Rendering.RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(task.Tag as string ?? "", Style.Plain).Overflow(Overflow.Ellipsis);
    }
}

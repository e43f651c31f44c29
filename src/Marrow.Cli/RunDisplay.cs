using System.Diagnostics;
using System.Globalization;
using Marrow.Training.Loop;
using Spectre.Console;

namespace Marrow.Cli;

/// <summary>
/// Shows a run while it goes on: on a terminal a bar for each stage with loss, rate, time left and the share of time
/// waited for data; elsewhere a plain line every few seconds, and one for each message and evaluation.
/// </summary>
internal static class RunDisplay
{
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);

    /// <summary>Runs <paramref name="work"/>, which is given the function to call, from any thread, with each event.</summary>
    public static T Show<T>(Output output, Func<Action<RunEvent>, T> work)
    {
        if (!output.IsLive)
            return work(OneAtATime(new PlainLines(output).Show));
        return output.Progress.Progress()
            .AutoClear(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn { Width = 24 }, new PercentageColumn(), new NumbersColumn())
            .Start(context => work(OneAtATime(new Bars(output.Progress, context).Show)));
    }

    private static Action<RunEvent> OneAtATime(Action<RunEvent> show)
    {
        var turn = new Lock();
        return e =>
        {
            lock (turn)
                show(e);
        };
    }

    /// <summary>"epoch 2  step 120/900  loss 0.4321  lr 3.0e-4  9.2 images/s  waited 0.8 %  left 4:10", as far as known.</summary>
    public static string Numbers(RunEvent e)
    {
        var parts = new List<string>();
        if (e.Epoch > 0)
            parts.Add($"epoch {e.Epoch}");
        if (e.Steps > 0)
            parts.Add($"step {e.Step}/{e.Steps}");
        if (e.Loss is { } loss)
            parts.Add($"loss {NumberText.Significant(loss)}");
        if (e.Unlabeled.TryGetValue("accepted", out var accepted))
            parts.Add($"accepted {(accepted * 100).ToString("0", CultureInfo.InvariantCulture)} %");
        if (e.LearningRate is { } rate)
            parts.Add($"lr {rate.ToString("0.0e-0", CultureInfo.InvariantCulture)}");
        if (e.ImagesPerSecond is { } speed)
            parts.Add($"{NumberText.Significant(speed)} images/s");
        if (e.WaitShare is { } wait)
            parts.Add($"waited {(wait * 100).ToString("0.0", CultureInfo.InvariantCulture)} %");
        if (e.Eta is { } left)
            parts.Add($"left {NumberText.Clock(left)}");
        return string.Join("  ", parts);
    }

    /// <summary>"smape 12.9  landmark-error 4.2"; those of single classes, angles and corners ("mae.cobb1") are left out.</summary>
    public static string Metrics(RunEvent e) => string.Join("  ", e.Metrics.Where(m => !m.Key.Contains('.')).Select(m => $"{m.Key} {NumberText.Significant(m.Value)}"));

    private sealed class PlainLines(Output output)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();
        private TimeSpan _next;
        private string _stage = "";

        public void Show(RunEvent e)
        {
            if (e.Message is { } message)
                output.Note($"{e.Stage}: {message}");
            var last = e.Steps > 0 && e.Step >= e.Steps;
            var due = _clock.Elapsed >= _next || e.Stage != _stage || last || e.Metrics.Count > 0;
            var line = string.Join("  ", new[] { Numbers(e), Metrics(e) }.Where(part => part.Length > 0));
            if (!due || line.Length == 0)
                return;
            output.Note($"{e.Stage}: {line}");
            (_next, _stage) = (_clock.Elapsed + PlainInterval, e.Stage);
        }
    }

    private sealed class Bars(IAnsiConsole console, ProgressContext context)
    {
        private readonly Dictionary<string, ProgressTask> _tasks = [];
        private readonly HashSet<string> _training = [];

        public void Show(RunEvent e)
        {
            if (!_tasks.TryGetValue(e.Stage, out var task))
                task = _tasks[e.Stage] = context.AddTask(Lines.Plain(e.Stage), new ProgressTaskSettings { MaxValue = Math.Max(e.Steps, 1) });
            if (e.Message is { } message)
                console.MarkedLine($"[grey]{e.Stage}:[/] {message}");
            if (e.Metrics.Count > 0)
                console.MarkedLine($"[grey]{e.Stage}: epoch {e.Epoch}[/]  {Metrics(e)}");
            task.IsIndeterminate = e.Steps == 0;
            if (e.Steps > 0)
            {
                task.MaxValue = e.Steps;
                task.Value = e.Step;
                if (e.Loss is not null || !_training.Contains(e.Stage))
                    task.Tag = Numbers(e); // An evaluation leaves the last step's numbers in sight.
                if (e.Loss is not null)
                    _training.Add(e.Stage);
            }
        }
    }

    /// <summary>The numbers of the newest event of a bar.</summary>
    private sealed class NumbersColumn : ProgressColumn
    {
        public override Spectre.Console.Rendering.IRenderable Render(Spectre.Console.Rendering.RenderOptions options, ProgressTask task, TimeSpan deltaTime) =>
            new Text(task.Tag as string ?? "", Style.Plain).Overflow(Overflow.Ellipsis);
    }
}

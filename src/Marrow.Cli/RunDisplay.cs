using System.Globalization;
using Marrow.Metrics;
using Marrow.Training.Loop;
using Spectre.Console;

namespace Marrow.Cli;

/// <summary>
/// Shows a run while it goes on: each stage's progress with loss, rate, time left and the share of time waited for
/// data, and a line for each message and evaluation.
/// </summary>
internal static class RunDisplay
{
    /// <summary>
    /// Runs <paramref name="work"/>, which is given the function to call, from any thread, with each event.
    /// </summary>
    public static T Show<T>(Output output, Func<Action<RunEvent>, T> work) => ProgressDisplay.Show(
        output, ProgressUnit.Steps, output.IsLive ? new Bars(output.Progress).Show : PlainLines(output), work);

    /// <summary>
    /// "epoch 2 step 120/900 loss 0.4321 lr 3.0e-4 9.2 images/s waited 0.8 % left 4:10", as far as known.
    /// </summary>
    public static string Numbers(RunEvent e)
    {
        var parts = new List<string>();
        if (e.Epoch > 0)
            parts.Add($"epoch {e.Epoch}");
        if (e.Steps > 0)
            parts.Add(ProgressDisplay.Numbers(At(e)));
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

    /// <summary>
    /// "smape 12.9 landmark-error 4.2"; those of single classes, angles and corners ("mae.cobb1") are left out.
    /// </summary>
    public static string Metrics(RunEvent e) =>
        string.Join(
            "  ",
            e.Metrics
                .Where(m => MetricCatalogue.IsOfAll(m.Key))
                .Select(m => $"{m.Key} {NumberText.Significant(m.Value)}"));

    private static Progress At(RunEvent e) => new(e.Stage, e.Step, e.Steps, ProgressUnit.Steps);

    private static Action<ProgressDisplay, RunEvent> PlainLines(Output output) => (display, e) =>
    {
        if (e.Message is { } message)
            output.Note($"{e.Stage}: {message}");
        var line = string.Join("  ", new[] { Numbers(e), Metrics(e) }.Where(part => part.Length > 0));
        display.Draw(At(e), line, isDue: e.Metrics.Count > 0);
    };

    private sealed class Bars(IAnsiConsole console)
    {
        private readonly HashSet<string> _training = [];

        public void Show(ProgressDisplay display, RunEvent e)
        {
            if (e.Message is { } message)
                console.MarkedLine($"[grey]{e.Stage}:[/] {message}");
            if (e.Metrics.Count > 0)
                console.MarkedLine($"[grey]{e.Stage}: epoch {e.Epoch}[/]  {Metrics(e)}");
            if (e.Loss is not null)
                _training.Add(e.Stage);
            var isBetween = e.Loss is null && _training.Contains(e.Stage);
            // An evaluation leaves the last step's numbers in sight.
            display.Draw(At(e), isBetween ? null : Numbers(e));
        }
    }
}

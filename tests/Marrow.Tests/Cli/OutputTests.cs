using System.Text.Json;
using Marrow.Cli;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Reports;
using Marrow.Training.Loop;
using Spectre.Console.Testing;

namespace Marrow.Tests.Cli;

public class OutputTests
{
    private static readonly RunEvent Event = new(
        stage: "landmarks")
    {
        Epoch = 2,
        Step = 120,
        Steps = 900,
        Loss = 0.43214,
        LearningRate = 3e-4,
        ImagesPerSecond = 9.234,
        WaitShare = 0.008,
        Eta = TimeSpan.FromSeconds(250),
    };

    [Fact]
    public void Cells_are_shown_as_they_are_even_when_they_look_like_markup()
    {
        var console = new TestConsole().Width(80);
        console.Draw(["file", "cobb1"], [["[red]1[/].jpg", "41.2"], ["[[]].jpg", "9"]], "[bold]");

        Assert.Contains("[bold]", console.Output);
        Assert.Contains("[red]1[/].jpg", console.Output);
        Assert.Contains("[[]].jpg", console.Output);
    }

    [Fact]
    public void Numbers_are_set_to_the_right()
    {
        var console = new TestConsole().Width(80);
        console.Draw(["name", "value"], [["a", "41.2"], ["b", "9"]]);
        var lines = console.Output.Split('\n');
        var (long_, short_) = (lines.Single(l => l.Contains("41.2")), lines.Single(l => l.Contains("b ")));
        Assert.Equal(long_.IndexOf("41.2", StringComparison.Ordinal) + 3, short_.IndexOf('9'));
    }

    [Fact]
    public void Json_prints_one_document_and_draws_nothing()
    {
        var (console, writer) = (new TestConsole(), new StringWriter());
        new Output(console, writer, json: true, live: false).Finish(new { SmapePercent = 12.9 }, _ =>
            Assert.Fail("drawn"));
        using var document = JsonDocument.Parse(writer.ToString());
        Assert.Equal(12.9, document.RootElement.GetProperty("smapePercent").GetDouble());
        Assert.Empty(console.Output);
    }

    [Fact]
    public void The_numbers_of_an_event_read_as_one_line() =>
        Assert.Equal(
            "epoch 2  step 120/900  loss 0.4321  lr 3.0e-4  9.234 images/s  waited 0.8 %  left 4:10",
            RunDisplay.Numbers(Event));

    [Fact]
    public void Progress_shows_the_metrics_that_sum_up() =>
        Assert.Equal(
            "smape 12.9",
            RunDisplay.Metrics(
                new(Event)
                {
                    Metrics = new Dictionary<string, double> { ["smape"] = 12.9, ["mae.cobb1"] = 3 },
                }
            ));

    [Fact]
    public void Predictions_are_a_row_each()
    {
        var console = new TestConsole().Width(160);
        Finding[] findings =
        [
            ReportSamples
                .Finding(BentSpine.Arc(40), 1000, 1600, "a[1].jpg")
                .WithSpine(s => new(s) { CobbDegrees = [41.24, 20, 0.5] }),
            ReportSamples
                .Finding(BentSpine.Waves(0, 0), 1000, 1600, "b.jpg")
                .WithSpine(s => new(s) { CobbDegrees = [1, 0, 0] }),
            Finding.Failed("broken.jpg", "no image", new SpinePart()),
        ];
        console.Draw(new TextReport(findings, FindingText.Of(findings, ReportSamples.SpineColumns, "out", true)));
        var rows = console
            .Output.Split('\n')
            .Where(line => line.Contains(".jpg"))
            .Select(line => string.Join(' ', line.Split(' ', StringSplitOptions.RemoveEmptyEntries)));
        Assert.Equal(
            [
                "a[1].jpg 41.2 20.0 0.5 severe 17 0.88 MT 40.0 ok",
                "b.jpg 1.0 0.0 0.0 none 17 0.88 none ok",
                "broken.jpg - - - 0 0.00 - failed",
            ],
            rows);
        Assert.Contains("8 more columns in predictions.csv", console.Output);
    }

    [Fact]
    public void A_check_shows_the_first_faults_and_how_many_more_there_are()
    {
        var report = new DataReport(
            name: "films",
            format: "csv",
            root: "films",
            license: "CC0-1.0",
            samples: 1481,
            imagesReadable: 1456,
            patients: 300,
            classes: new Dictionary<string, ClassCount> { ["Edema"] = new(10, 20, 30) },
            faultCounts: new Dictionary<string, int> { ["truncated-image"] = 25 },
            faults: [.. Enumerable.Range(0, 25).Select(i => new DataFault("truncated-image", $"{i:00}.png", "cut off"))]
        );
        var console = new TestConsole().Width(160);
        console.Draw(report.Report(20));
        Assert.Contains("1,481", console.Output);
        Assert.Contains("19.png", console.Output);
        Assert.DoesNotContain("20.png", console.Output);
        Assert.Contains("5 more", console.Output);

        console.Clear(home: true);
        console.Draw(report.Report(25));
        Assert.Contains("24.png", console.Output);
    }

    [Fact]
    public void Unknown_numbers_are_left_out() => Assert.Equal("", RunDisplay.Numbers(new RunEvent(stage: "features")));

    [Fact]
    public void Off_a_terminal_a_run_prints_few_plain_lines()
    {
        var console = new TestConsole().Width(200);
        var output = new Output(console, TextWriter.Null, json: false, live: false);
        var result = RunDisplay.Show(output, show =>
        {
            show(new RunEvent(stage: "landmarks") { Message = "98 % of the backbone copied" });
            for (var step = 1; step <= 900; step++)
                show(new(Event) { Step = step });
            show(
                new RunEvent(stage: "landmarks") { Metrics = new Dictionary<string, double> { ["smape"] = 12.94567 } }
            );
            return 7;
        });

        Assert.Equal(7, result);
        var lines = console.Output.TrimEnd().Split('\n');
        Assert.Equal("landmarks: 98 % of the backbone copied", lines[0]);
        Assert.Equal("landmarks: smape 12.95", lines[^1]);
        Assert.InRange(lines.Length, 4, 10); // the first and the last step, and what a slow machine adds
        Assert.DoesNotContain('\u001b', console.Output);
    }

    [Fact]
    public void On_a_terminal_a_run_shows_a_bar_for_each_stage()
    {
        var console = new TestConsole().Width(160).Interactive();
        RunDisplay.Show(new Output(console, TextWriter.Null, json: false, live: true), show =>
        {
            show(new(Event) { Stage = "features", Step = 900 });
            show(new(Event) { Message = "[warm] start" });
            return 0;
        });
        Assert.Contains("features", console.Output);
        Assert.Contains("100%", console.Output);
        Assert.Contains("[warm] start", console.Output);
    }
}

using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

/// <summary>
/// Points and numbers of a user's own CSV, from the file to checkpoint, numbers, predictions and an export.
/// </summary>
public class OwnTaskRunTests
{
    [Fact]
    public void Points_and_numbers_are_learnt_from_a_csv_measured_again_and_predicted()
    {
        using var run = new PointRun();
        var results = Runner.Run(run.Request("run"), _ => { }, TestContext.Current.CancellationToken);
        double Of(int stage, string metric) => results[stage].Metrics.Single(m => m.Name == metric).Value;
        // Discs of 6 and 3.5 px, in images of 60 x 48; a guess in the middle of its half is 10 px off.
        Assert.InRange(Of(0, "point-error"), 0, 5);
        Assert.InRange(Of(1, "nmae"), 0, 0.8);
        Assert.Equal("px", results[1].Metrics.Single(m => m.Name == "mae").Unit);

        foreach (var (stage, metric) in ((int, string)[])[(0, "point-error"), (1, "mae")])
        {
            using var checkpoint = Checkpoint.Load(results[stage].Folder);
            var (_, heldOut) = CheckpointMetrics.Samples(checkpoint, "discs", run.Data, EvaluationSplit.HeldOut);
            Assert.Equal(results[stage].HeldOutImages, heldOut.Count);
            var again = CheckpointMetrics.Measure(
                checkpoint,
                heldOut,
                new() { Resamples = 0 },
                cancellation: TestContext.Current.CancellationToken);
            // weights are stored in bf16
            Assert.Equal(Of(stage, metric), again.Single(m => m.Name == metric).Value, 0.15);
            // Another CSV of the same columns, read without a word on them.
            Assert.Equal(
                40,
                CheckpointMetrics.Samples(checkpoint, "other", run.Data, EvaluationSplit.All, "csv").Samples.Count);
            Assert.True(
                File.Exists(
                    Exporter
                        .Run(
                            checkpoint,
                            new()
                            {
                                Format = ExportFormat.Onnx,
                                Path = Path.Combine(run.Folder, $"{stage}.onnx"),
                                CheckImages = [heldOut[0].ImagePath],
                            }
                        )
                        .Path));
        }

        using var points = Checkpoint.Load(results[0].Folder);
        using var predictor = new ImagePredictor(points);
        Assert.Equal(["large_x", "large_y", "small_x", "small_y"], predictor.Columns);
        var files = new FindingFiles(Path.Combine(run.Folder, "predictions"), predictor.Columns);
        var errors = new List<double>();
        for (var i = 0; i < run.Truth.Count; i++)
        {
            var radiograph = RadiographReader.Read(Path.Combine(run.Data, $"{i}.png"));
            var finding = predictor.Predict(radiograph);
            errors.Add(finding.Part<PointsPart>()!.Points[0].Place!.Value.DistanceTo(run.Truth[i].Large));
            if (i == 0)
                files.Add(finding, radiograph);
        }
        Assert.InRange(errors.Order().ElementAt(errors.Count / 2), 0, 5); // in original pixels
        files.WriteCsv();
        var lines = File.ReadAllLines(files.CsvPath);
        Assert.Equal("file,large_x,large_y,small_x,small_y,status", lines[0]);
        Assert.Equal(6, lines[1].Split(',').Length);
        Assert.Contains(
            "\"name\": \"large\"",
            File.ReadAllText(Path.Combine(run.Folder, "predictions", "0.json")),
            StringComparison.Ordinal);
        Assert.True(new FileInfo(Path.Combine(run.Folder, "predictions", "0.overlay.png")).Length > 1000);
    }

    [Fact]
    public void Numbers_that_mirroring_leaves_are_learnt_from_unlabelled_images_too()
    {
        using var run = new PointRun();
        File.WriteAllText(run.RecipePath, File.ReadAllText(run.RecipePath).Replace("augment: none", """
            augment: {flipProbability: 0.5}
                unlabeled: {name: discs, format: images}
                uda: {ratio: 1, warmup: 0, ramp: 0, confidence: 0.5}
            """, StringComparison.Ordinal));
        var (accepted, losses) = (new List<double>(), new List<double>());
        var request = run.Request("run", "numbers.init=scratch", "numbers.steps=20", "numbers.data.limit=8");
        var result = Runner.Run(new(request) { Recipe = request.Recipe.Only(["numbers"]) }, e =>
        {
            if (e.Unlabeled.TryGetValue("accepted", out var share))
                accepted.Add(share);
            if (e.Losses.TryGetValue("consistency", out var loss))
                losses.Add(loss);
        }, TestContext.Current.CancellationToken)[0];
        Assert.True(result.UnlabeledImages > result.TrainingImages);
        Assert.Contains(accepted, share => share > 0);
        Assert.Contains(losses, loss => loss > 0);
    }

    [Fact]
    public void A_point_outside_its_image_stops_the_run_before_training()
    {
        using var run = new PointRun(images: 12);
        var lines = File.ReadAllLines(run.Csv);
        var cells = lines[4].Split(',');
        cells[2] = "61";
        lines[4] = string.Join(',', cells);
        File.WriteAllLines(run.Csv, lines);
        var error = Assert
            .Throws<MarrowException>(() =>
                Runner.Run(run.Request("run", "*.batch=2"), _ => { }, TestContext.Current.CancellationToken))
            .Message;
        Assert.Contains("3.png: large at (61, ", error, StringComparison.Ordinal);
        Assert.Contains("of 60 x 48 px", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_of_another_kind_are_told_with_the_task_that_learns_from_them()
    {
        using var run = new PointRun(images: 12);
        var error = Assert
            .Throws<MarrowException>(() =>
                Runner.Run(
                    run.Request(
                        "run",
                        "points.task=detect-vertebrae",
                        "points.model=retinanet-densenet-mini",
                        "points.data.labelColumns=[apart]",
                        "points.data.kind=numbers"),
                    _ => { },
                    TestContext.Current.CancellationToken))
            .Message;
        Assert.Contains(
            "task detect-vertebrae learns from a CSV of kind vertebrae, found kind numbers", error,
            StringComparison.Ordinal);
        Assert.Contains("the task that learns from numbers: regress", error, StringComparison.Ordinal);
    }

    [Fact]
    public void An_output_without_a_label_is_masked()
    {
        using var run = new PointRun(images: 16);
        var lines = File.ReadAllLines(run.Csv);
        File.WriteAllLines(run.Csv, lines.Select((line, i) => $"{line},{(i == 0 ? "never" : "")}"));
        var results = Runner.Run(
            run.Request(
                "run",
                "points.steps=2",
                "numbers.steps=2",
                "*.batch=4",
                "numbers.data.labelColumns=[apart, never]"),
            _ => { },
            TestContext.Current.CancellationToken);
        using var checkpoint = Checkpoint.Load(results[1].Folder);
        Assert.Equal([true, false], checkpoint.Config.Outputs.Select(o => o.Trained));
        using var predictor = new ImagePredictor(checkpoint);
        Assert.Equal(["never"], predictor.Untrained);
        Assert.Equal(["apart (px)", "never"], predictor.Columns);
        var finding = predictor.Predict(RadiographReader.Read(Path.Combine(run.Data, "0.png")));
        Assert.NotNull(finding.Part<NumbersPart>()!.Values[0].Value);
        Assert.Null(finding.Part<NumbersPart>()!.Values[1].Value);
        Assert.Equal("", new FindingTable(predictor.Columns).Row(finding)[2]);
    }
}

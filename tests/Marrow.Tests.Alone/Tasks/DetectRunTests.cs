using Marrow.Checkpoints;
using Marrow.Exchange;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Training.Runs;

namespace Marrow.Tests.Tasks;

/// <summary>
/// Boxes of a user's own CSV, from the file to a checkpoint, its measures, predictions and an export.
/// </summary>
public class DetectRunTests
{
    [Fact]
    public void Boxes_of_two_classes_are_learnt_measured_again_predicted_and_exported()
    {
        using var run = new BoxRun();
        var result = Runner.Run(run.Request("run"), _ => { }, TestContext.Current.CancellationToken)[0];
        var values = result.Metrics.ToDictionary(m => m.Name, m => m.Value);
        Assert.Equal(
            ["ap", "ap50", "ap75", "ap50.bar", "ap50.disc", "froc"],
            values.Keys.Where(k => !k.StartsWith("froc.", StringComparison.Ordinal)));
        Assert.InRange(values["ap50"], 0.8, 1);
        Assert.Equal((values["ap50.bar"] + values["ap50.disc"]) / 2, values["ap50"], 1e-9);

        using var checkpoint = Checkpoint.Load(result.Folder);
        var (_, heldOut) = CheckpointMetrics.Samples(checkpoint, "shapes", run.Data, EvaluationSplit.HeldOut);
        var again = CheckpointMetrics.Measure(
            checkpoint,
            heldOut,
            new() { Resamples = 0 },
            cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(values["ap50"], again.Single(m => m.Name == "ap50").Value, 0.1); // weights are stored in bf16
        Assert.True(File.Exists(Exporter.Run(checkpoint, new()
        {
            Format = ExportFormat.Onnx,
            Path = Path.Combine(run.Folder, "shapes.onnx"),
            CheckImages = [heldOut[0].ImagePath],
        }).Path));

        using var predictor = new ImagePredictor(checkpoint);
        var files = new FindingFiles(Path.Combine(run.Folder, "predictions"), predictor.Columns);
        var (right, all) = (0, 0);
        foreach (var sample in heldOut)
        {
            var radiograph = RadiographReader.Read(sample.ImagePath);
            var finding = predictor.Predict(radiograph);
            files.Add(finding, radiograph);
            var boxes = finding.Part<BoxesPart>()!.Boxes;
            all += boxes.Count;
            right += boxes.Count(found => sample.Boxes!.Any(box => checkpoint.Config.Classes[box.Class] == found.Class
                && Math.Abs(box.Left + box.Right - found.Left - found.Right) < 10
                && Math.Abs(box.Top + box.Bottom - found.Top - found.Bottom) < 10));
        }
        Assert.True(
            right >= 0.8 * heldOut.Sum(sample => sample.Boxes!.Count),
            $"{right} boxes of {heldOut.Sum(s => s.Boxes!.Count)} were found.");
        Assert.True(right >= 0.8 * all, $"{right} of {all} boxes are right.");
        files.WriteCsv();
        Assert.Equal("file,boxes,score,status", File.ReadAllLines(files.CsvPath)[0]);
    }
}

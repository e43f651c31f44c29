using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Computing;
using Marrow.Exchange;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Reports;
using Marrow.Tasks;
using Marrow.Training.Experiments;
using Marrow.Training.Loop;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

/// <summary>A stage of several tasks from the recipe to predictions, on small made-up data sets.</summary>
public sealed class PartsRunTests : IDisposable
{
    private readonly PartsRun _run = new();
    private readonly List<RunEvent> _events = [];

    public void Dispose() => _run.Dispose();

    [Fact]
    public void Parts_of_different_tasks_and_sizes_end_in_one_checkpoint_that_predicts_and_is_measured()
    {
        var result = Train("out");
        using var checkpoint = Checkpoint.Load(result.Folder);
        EachPartWasTrainedAndMeasured(result, checkpoint);
        NothingThatAPartHoldsOutWasLearntByAnother(checkpoint);
        OneFindingHasThePartsThatReadAnImage(checkpoint);
        EachPartIsMeasuredWhoseDataIsGiven(checkpoint, result);
        TheHubKnowsTheCheckpoint(checkpoint);
        WhatItCannotDoIsToldWithARemedy(checkpoint);
        ItStartsOtherTasksAndOthersStartIt(checkpoint);
    }

    [Fact]
    public void A_cancelled_run_goes_on_and_ends_with_the_weights_of_one_that_never_stopped()
    {
        var whole = Train("whole");
        for (var stop = 1; stop <= 5; stop++)
            Assert.ThrowsAny<OperationCanceledException>(() =>
                Runner.Run(_run.Request("parts", resume: true), _ => { }, new CancellationToken(true)));
        Assert.True(File.Exists(Path.Combine(_run.Folder, "parts", "trunk", "state.safetensors")));
        var parts = Runner.Run(_run.Request("parts", resume: true), _ => { }, TestContext.Current.CancellationToken)[0];
        Assert.Equal(Weights(whole), Weights(parts));
        Assert.Equal(whole.Metrics.Select(m => (m.Name, m.Value)), parts.Metrics.Select(m => (m.Name, m.Value)));
    }

    private StageResult Train(string name, params string[] overrides) => Runner.Run(
        _run.Request(name, overrides: overrides), _events.Add, TestContext.Current.CancellationToken)[0];

    private static byte[] Weights(StageResult result) =>
        File.ReadAllBytes(Path.Combine(result.Folder, Checkpoint.WeightsFile));

    private void EachPartWasTrainedAndMeasured(StageResult result, Checkpoint checkpoint)
    {
        Assert.Equal("multitask", result.Task);
        foreach (var metric in (string[])["size.auroc", "discs.point-error", "hidden.reconstruction-error"])
        {
            Assert.Contains(result.Metrics, m => m.Name == metric);
            Assert.Contains(checkpoint.Metrics, m => m.Metric == metric);
            Assert.Contains(metric, CellsOf(Runner.Report(_run.Request("out"), [result])));
        }
        Assert.Equal("discs", checkpoint.Metrics.First(m => m.Metric == "discs.point-error").Dataset);
        Assert.Equal("px", checkpoint.Metrics.First(m => m.Metric == "discs.point-error").Unit);
        var losses = _events.Last(e => e.Losses.Count > 0).Losses;
        Assert.Equal(["discs.heatmaps", "hidden.pixels", "size.class"], losses.Keys.Order());
        // Validation images of the one part that has some are measured and choose nothing.
        Assert.Contains(_events, e => e.Metrics.ContainsKey("size.auroc"));
        Assert.DoesNotContain(_events, e => e.Metrics.ContainsKey("discs.point-error"));
        Assert.Null(result.Progress.BestValue);

        var config = checkpoint.Config;
        Assert.Equal("multitask", config.Task);
        Assert.Equal(["size", "discs", "hidden"], config.PartConfigs.Select(part => part.Name));
        Assert.Equal(["classify", "points", "pretrain"], config.PartConfigs.Select(part => part.Config.Task));
        Assert.Equal(
            [(32, 32), (80, 64), (48, 32)],
            config.PartConfigs.Select(part => (part.Config.Input.Width, part.Config.Input.Height)));
        Assert.Contains("discs.large", config.Outputs.Select(o => o.Name));
        Assert.Equal(
            [("size", "tiny"), ("discs", "discs"), ("hidden", "discs")],
            checkpoint.Parents.Datasets.Select(data => (data.Part, data.Name)));
        using var built = checkpoint.BuildTask(); // and its golden sample and finding
        Assert.Contains(checkpoint.Golden!.Outputs, o => o.Name == "discs.output");
        Assert.Contains(checkpoint.Golden.Finding!.Values, v => v.Name.StartsWith("discs.", StringComparison.Ordinal));
    }

    private void NothingThatAPartHoldsOutWasLearntByAnother(Checkpoint checkpoint)
    {
        var recipe = _run.Request("out").Recipe;
        var inputs = StageInputs.Read(_run.Request("out"), recipe.Stages[0], new());
        foreach (var data in inputs.Each)
        {
            var trained = data.Training.Select(s => s.ImagePath).ToHashSet();
            Assert.DoesNotContain(
                inputs.Each.SelectMany(other => other.HeldOut), sample => trained.Contains(sample.ImagePath));
        }
        Assert.NotEmpty(inputs.Each[1].LeftOut); // which the hidden patches hold out, of the same folder
        Assert.Equal(3, new[] { checkpoint.Split! }.Concat(checkpoint.Split!.Others!).Count());
        Assert.Equal(
            inputs.Each[1].HeldOut.Select(s => s.Id).Order(),
            checkpoint.Split.OfPart("discs")!.Among(inputs.Each[1].Dataset.Samples).Select(s => s.Id).Order());
    }

    private void OneFindingHasThePartsThatReadAnImage(Checkpoint checkpoint)
    {
        var hub = new LocalHub(Path.Combine(_run.Folder, "out", "hub"));
        using var predictor = PredictorSet.Open(hub, checkpoint.Name);
        var (finding, radiograph) = predictor.Predict(_run.Picture);
        Assert.Equal(["size", "discs"], finding.Parts.Select(part => part.Name));
        Assert.Equal(2, finding.Part<PointsPart>()!.Points.Count);
        Assert.Equal(2, finding.Part<ClassesPart>()!.Values.Count);
        Assert.Equal(["size.class", "size.large", "size.small", "discs.large_x"], predictor.Columns.Take(4));
        var document = JsonNode.Parse(FindingJson.Write(finding))!;
        Assert.Equal(["size", "discs"], document["parts"]!.AsArray().Select(part => (string)part!["name"]!));
        Assert.Equal("large", (string)document["parts"]![1]!["points"]![0]!["name"]!);
        Assert.Null(document["values"]);
        var files = new FindingFiles(Path.Combine(_run.Folder, "predicted"), predictor.Columns);
        files.Add(finding, radiograph);
        files.Add(predictor.Failed("broken.png", "it is broken"), null);
        files.WriteCsv();
        var rows = File.ReadAllLines(Path.Combine(_run.Folder, "predicted", "predictions.csv"));
        Assert.All(rows, row => Assert.Equal(rows[0].Split(',').Length, row.Split(',').Length));
        Assert.Contains(
            "Start a model of the one task from this checkpoint",
            Assert.Throws<MarrowException>(() => predictor.Explain(radiograph)).Message,
            StringComparison.Ordinal);
    }

    private void EachPartIsMeasuredWhoseDataIsGiven(Checkpoint checkpoint, StageResult result)
    {
        var discs = _run.Evaluate(checkpoint, "discs", out var warnings);
        Assert.Empty(warnings);
        Assert.Equal(["discs", "hidden"], discs.Metrics.Keys);
        var error = result.Metrics.First(m => m.Name == "discs.point-error");
        Assert.Equal(error.Count, discs.Metrics["discs"].First(m => m.Name == "point-error").Count);
        Assert.Equal(error.Value, discs.Metrics["discs"].First(m => m.Name == "point-error").Value, error.Value / 20);
        Assert.Equal(["size"], _run.Evaluate(checkpoint, "tiny", out _).Metrics.Keys);
        var unknown = Assert.Throws<MarrowException>(() => _run.Evaluate(checkpoint, "films", out _));
        Assert.Contains("tiny, discs, found 'films'", unknown.Message, StringComparison.Ordinal);
    }

    private void TheHubKnowsTheCheckpoint(Checkpoint checkpoint)
    {
        var hub = new LocalHub(Path.Combine(_run.Folder, "out", "hub"));
        var shown = CellsOf(hub.Report(checkpoint));
        Assert.Contains("part discs", shown);
        Assert.Contains("discs.point-error", shown);
        Assert.Empty(hub.Verify().Faults);
        Assert.True(CheckpointDiff.Between(checkpoint, checkpoint, images: 4).AreEqual);
        Assert.Equal(
            ["discs", "tiny"],
            LineageGraph.Of(hub, checkpoint.Name).Items
                .Where(item => item.Kind == LineageKind.Dataset)
                .Select(item => item.Name)
                .Distinct()
                .Order());
    }

    private static List<string> CellsOf(TextReport report) =>
        [.. report.Parts.SelectMany(part => part.Rows.SelectMany(row => row))];

    private void WhatItCannotDoIsToldWithARemedy(Checkpoint checkpoint)
    {
        var request = _run.Request("experiment");
        var experiment = Assert.Throws<MarrowException>(() => ExperimentPlanner.Plan(new()
        {
            Recipe = request.Recipe,
            DataFolders = request.DataFolders,
            OutFolder = request.OutFolder,
            HubFolder = request.HubFolder,
            Starts = ["scratch"],
            Resolve = request.Resolve,
        }));
        Assert.Contains("learns several tasks", experiment.Message, StringComparison.Ordinal);
        foreach (var format in (ExportFormat[])[ExportFormat.Onnx, ExportFormat.Bundle])
        {
            var export = Assert.Throws<MarrowException>(() => Exporter.Run(
                checkpoint, new() { Format = format, Path = Path.Combine(_run.Folder, $"exported-{format}") }));
            Assert.Contains("found multitask", export.Message, StringComparison.Ordinal);
            Assert.Contains("Export it as safetensors or pth.", export.Message, StringComparison.Ordinal);
        }
        Exporter.Run(
            checkpoint,
            new() { Format = ExportFormat.Safetensors, Path = Path.Combine(_run.Folder, "exported.safetensors") });
    }

    private void ItStartsOtherTasksAndOthersStartIt(Checkpoint checkpoint)
    {
        using var detector = ModelCatalogue.Create(new()
        {
            Architecture = "detect-densenet-mini",
            Detector = new() { Corners = 0, AnchorSizes = [16] },
        });
        var started = WarmStart.Apply(detector, "detect-densenet-mini", WeightSource.Of(checkpoint));
        Assert.Equal(1, started.BackboneCoverage);
        using var stored = checkpoint.Weights.Read("features.conv0.weight");
        Assert.Equal(
            stored.to(TorchSharp.torch.float32).Values<float>(),
            detector.state_dict()["backbone.body.conv0.weight"].Values<float>());

        var request = new RunRequest(
            _run.Request("again", overrides: ["trunk.init=multi-densenet-mini.parts", "seed=9"]))
        {
            Resolve = _ => Checkpoint.Load(checkpoint.Path),
        };
        var again = Runner.Run(request, _ => { }, TestContext.Current.CancellationToken)[0];
        Assert.Equal(1, again.Receipt!.Total.Share);
        Assert.Contains(again.Warnings, warning => warning.Contains("was trained on", StringComparison.Ordinal));

        using var classifier = new TinyRun(train: "steps: 1, batch: 4");
        var small = Runner.Run(classifier.Request("out"), _ => { }, TestContext.Current.CancellationToken)[0];
        using var task = checkpoint.BuildTask();
        using var source = Checkpoint.Load(small.Folder);
        Assert.Equal(1, WarmStart.Apply(task.Model, task.Spec.Architecture, WeightSource.Of(source)).BackboneCoverage);
    }
}

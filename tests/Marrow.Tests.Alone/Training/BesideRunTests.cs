using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Prediction;
using Marrow.Training.Loop;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

/// <summary>A detector of vertebrae that learns from boxes beside its own films.</summary>
public sealed class BesideRunTests : IDisposable
{
    private readonly BesideRun _run = new();
    private readonly List<RunEvent> _events = [];

    public void Dispose() => _run.Dispose();

    [Fact]
    public void A_detector_learns_from_boxes_beside_its_own_films_and_says_so()
    {
        var result = Train("out");
        using var checkpoint = Checkpoint.Load(result.Folder);

        var losses = _events.Last(e => e.Losses.Count > 0).Losses;
        Assert.Equal(
            ["box", "class", "clinic.box", "clinic.class", "clinic.corner", "corner"], losses.Keys.Order());
        Assert.Equal(0, losses["clinic.corner"]); // boxes have no corners
        Assert.True(losses["clinic.class"] > 0);

        // The held-out films of its own data measure it, and the checkpoint knows both data sets.
        Assert.Contains(result.Metrics, m => m.Name == "smape");
        Assert.Equal(
            [("spines", null, null), ("boxed", "clinic", "detect")],
            checkpoint.Parents.Datasets.Select(data => (data.Name, data.Part, data.Task)));
        Assert.Contains("CC-BY-NC-4.0", checkpoint.License, StringComparison.Ordinal);
        var inputs = StageInputs.Read(_run.Request("out"), _run.Request("out").Recipe.Stages[0], new());
        Assert.Equal(inputs.Data.HeldOut.Count, checkpoint.Split!.Images);
        Assert.Equal(inputs.Each[1].HeldOut.Count, checkpoint.Split.OfPart("clinic")!.Images);
        Assert.Contains("boxed", File.ReadAllText(Path.Combine(result.Folder, "README.md")), StringComparison.Ordinal);

        // A stage that is measured on what this one has learnt beside is warned.
        var boxed = inputs.Each[1];
        var hub = new LocalHub(Path.Combine(_run.Folder, "out", "hub"));
        Assert.NotEmpty(EvaluationSamples.Seen(checkpoint, "boxed", boxed.Dataset, boxed.Training, hub));
        Assert.Empty(EvaluationSamples.Seen(checkpoint, "boxed", boxed.Dataset, boxed.HeldOut, hub));
    }

    [Fact]
    public void A_cancelled_run_goes_on_and_ends_with_the_weights_of_one_that_never_stopped()
    {
        var whole = Train("whole");
        for (var stop = 1; stop <= 4; stop++)
            Assert.ThrowsAny<OperationCanceledException>(() =>
                Runner.Run(_run.Request("parts", resume: true), _ => { }, new CancellationToken(true)));
        var parts = Runner.Run(_run.Request("parts", resume: true), _ => { }, TestContext.Current.CancellationToken)[0];

        Assert.Equal(Weights(whole), Weights(parts));
    }

    [Fact]
    public void What_is_learnt_beside_is_a_part_of_what_a_run_began_with()
    {
        Train("whole"); // packs the images
        for (var stop = 1; stop <= 2; stop++)
            Assert.ThrowsAny<OperationCanceledException>(() =>
                Runner.Run(_run.Request("out", resume: true), _ => { }, new CancellationToken(true)));
        var boxes = Path.Combine(_run.BoxedData, "boxes.csv");
        var lines = File.ReadAllLines(boxes);
        File.WriteAllLines(boxes, lines[..^1]);

        var error = Assert.Throws<MarrowException>(() => Runner.Run(_run.Request("out", resume: true), _ => { }));

        Assert.Contains("labels: 1 changed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Masks_are_learnt_from_beside_too()
    {
        using var run = new SpineRun(
            "segment",
            "segment-densenet-mini",
            "steps: 2, batch: 2, lr: 1.0e-3",
            "beside: [{name: more, batch: 1, data: {name: spines, format: spineweb16}}]");

        Runner.Run(run.Request("out"), _events.Add, TestContext.Current.CancellationToken);

        var losses = _events.Last(e => e.Losses.Count > 0).Losses;
        Assert.Contains(losses, loss => loss.Key.StartsWith("more.", StringComparison.Ordinal) && loss.Value > 0);
    }

    private StageResult Train(string name) =>
        Runner.Run(_run.Request(name), _events.Add, TestContext.Current.CancellationToken)[0];

    private static byte[] Weights(StageResult result) =>
        File.ReadAllBytes(Path.Combine(result.Folder, Checkpoint.WeightsFile));
}

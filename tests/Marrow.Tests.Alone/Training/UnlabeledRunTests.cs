using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Training.Loop;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

/// <summary>Whole stages that learn from unlabelled images too.</summary>
public class UnlabeledRunTests
{
    private const string Uda = "uda: {warmup: 0.2, ramp: 0.3, ratio: 2, confidence: 0, annealing: log}";
    private const string Teacher = "teacher: {warmup: 0.2, ramp: 0.3, ratio: 2, confidence: 0, decay: 0.9}";
    private const string Cobb = "uda: {warmup: 0.2, ramp: 0.3, ratio: 2, confidence: 0}";

    [Theory]
    [InlineData("classify", Uda)]
    [InlineData("segment", Teacher)]
    public void A_run_that_is_stopped_and_resumed_ends_with_the_weights_of_one_that_never_stopped(
        string task,
        string method) => StopAndCompare(task, method);

    [Theory(Explicit = true), Trait("Category", "Slow")]
    [InlineData("detect-vertebrae", Teacher)]
    [InlineData("regress-cobb", Cobb)]
    public void So_does_a_run_of_a_model_that_takes_longer(string task, string method) => StopAndCompare(task, method);

    private static void StopAndCompare(string task, string method)
    {
        const int steps = 6;
        var train = $"steps: {steps}, batch: 4, accumulate: 2, lr: 2.0e-3, ema: 0.9, saveEverySeconds: 0";
        using var run = Create(task, train, method);
        // the last weights count, and nothing is measured
        string[] settings = [$"{run.Stage}.data.validation=0", $"{run.Stage}.data.heldOut=0"];
        var accepted = new List<double>();
        var whole = Runner.Run(
            run.Request("whole", false, settings),
            e =>
            {
                if (e.Unlabeled.TryGetValue("accepted", out var a))
                    accepted.Add(a);
            },
            TestContext.Current.CancellationToken
        )[0];
        Assert.NotEmpty(accepted);
        // Asked to stop from the start, a run does one step, saves its state and stops: before, in and after the
        // warm-up.
        for (var stop = 1; stop < steps; stop++)
            Assert.ThrowsAny<OperationCanceledException>(() =>
                Runner.Run(run.Request("parts", true, settings), _ => { }, new CancellationToken(true)));
        var parts = Runner.Run(run.Request("parts", true, settings), _ => { }, TestContext.Current.CancellationToken)[
            0
        ];
        Assert.Equal(Weights(whole), Weights(parts));
        var without = Runner.Run(
            run.Request(
                "without",
                false,
                [
                    .. settings,
                    $"{run.Stage}.unlabeled=",
                    $"{run.Stage}.{method[..method.IndexOf(':', StringComparison.Ordinal)]}=",
                ]),
            _ => { },
            TestContext.Current.CancellationToken
        )[0];
        Assert.NotEqual(Weights(whole), Weights(without));
    }

    [Fact]
    public void A_run_whose_answers_are_never_accepted_is_stopped_with_advice()
    {
        using var tiny = new TinyRun(
            train: "steps: 300, batch: 4, lr: 1.0e-4, evaluateEvery: 1000",
            stage: ["unlabeled: {name: tiny, format: images}", "uda: {warmup: 0.02, ratio: 1, confidence: 1}"]);
        var events = new List<RunEvent>();
        var error = Assert
            .Throws<MarrowException>(() =>
                Runner.Run(tiny.Request("out"), events.Add, TestContext.Current.CancellationToken))
            .Message;
        Assert.Contains("first: the run was stopped at step 106 of 300", error); // 6 of warm-up, 100 watched
        Assert.Contains("uda.confidence asks for 1", error);
        Assert.Contains("Lengthen uda.warmup", error);
        Assert.All(events.Where(e => e.Unlabeled.Count > 0), e => Assert.Equal(0, e.Unlabeled["accepted"]));
    }

    [Fact]
    public void Consistency_is_learnt_from_unlabelled_images()
    {
        // The same stage, the consistency weighing next to nothing and much: what is reported is weighted.
        var little = LastConsistency(1e-3);
        var much = LastConsistency(4);
        Assert.InRange(much, 0, 0.5 * little);

        static double LastConsistency(double weight)
        {
            using var run = new SpineRun(
                "regress-cobb",
                "cobb-densenet-mini",
                "steps: 60, batch: 4, lr: 2.0e-3, evaluateEvery: 1000",
                "unlabeled: {name: spines, format: images}",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"uda: {{weight: {weight}, warmup: 0, ramp: 0, ratio: 1, confidence: 0, "
                        + $"augment: {{rotationDegrees: 3}}}}"));
            var found = new List<(int Step, double Loss)>();
            Runner.Run(run.Request("out", false, "spine.data.heldOut=0", "spine.data.validation=0"), e =>
            {
                if (e.Losses.TryGetValue("consistency", out var loss))
                    found.Add((e.Step, loss / weight));
            }, TestContext.Current.CancellationToken);
            return found[^1].Loss;
        }
    }

    [Fact]
    public void The_checkpoint_names_the_unlabelled_data_and_keeps_its_terms()
    {
        using var tiny = new TinyRun(
            train: "steps: 3, batch: 4",
            stage: ["unlabeled: {name: more, format: images, license: CC-BY-NC-4.0, citation: Somebody}", "uda: {}"]);
        new DatasetTerms("CC-BY-4.0", "", "1").Write(tiny.Data);
        var request = new RunRequest(tiny.Request("out"))
        {
            DataFolders = new Dictionary<string, string> { ["tiny"] = tiny.Data, ["more"] = tiny.Data },
        };
        var stage = Runner.Run(request, _ => { }, TestContext.Current.CancellationToken)[0];
        var manifest = CheckpointManifest.Read(stage.Folder);
        Assert.Equal(["training", "unlabeled"], manifest.Parents.Datasets.Select(d => d.Role));
        var images = manifest.Parents.Datasets[1];
        Assert.Equal(
            ("more", "CC-BY-NC-4.0", "Somebody", stage.UnlabeledImages),
            (images.Name, images.License, images.Citation, images.Samples));
        Assert.Null(images.Use);
        Assert.InRange(stage.UnlabeledImages, stage.TrainingImages, 23);
        Assert.Equal("CC-BY-NC-4.0", manifest.License);
        var card = File.ReadAllText(Path.Combine(stage.Folder, Checkpoint.CardFile));
        Assert.Contains(
            $"Without labels: {stage.UnlabeledImages} images of more (images), by unsupervised data augmentation",
            card);
        Assert.Contains(
            $"- Data set more 1, {stage.UnlabeledImages} samples, without labels, licence CC-BY-NC-4.0",
            card);
    }

    private static SmallRun Create(string task, string train, string method) =>
        task == "classify"
            ? new TinyRun(train: train, stage: ["unlabeled: {name: tiny, format: images}", method])
            : new SpineRun(
                task,
                $"{Family(task)}-densenet-mini",
                train,
                "unlabeled: {name: spines, format: images}",
                method);

    private static string Family(string task) => task switch
    {
        "regress-cobb" => "cobb",
        "segment" => "segment",
        _ => "retinanet",
    };

    private static byte[] Weights(StageResult result) =>
        File.ReadAllBytes(Path.Combine(result.Folder, Checkpoint.WeightsFile));
}

using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Datasets;
using Marrow.Prediction;
using Marrow.Tasks;
using Marrow.Tasks.Pretrain;
using Marrow.Training.Runs;

namespace Marrow.Tests.Training;

public class PretrainTests
{
    private static readonly string[] Pretrain =
    [
        "first.task=pretrain",
        "first.model=pretrain-densenet-mini",
        "first.pretrain.patch=8",
        "first.train.ema=0.9",
    ];

    [Fact]
    public void A_backbone_that_learnt_without_labels_starts_a_classifier_with_all_of_it()
    {
        using var tiny = new TinyRun();
        var pretrained = Runner.Run(
            tiny.Request("out", false, Pretrain),
            _ => { },
            TestContext.Current.CancellationToken
        )[0];
        using var source = Checkpoint.Load(pretrained.Folder); // verifies its golden sample
        Assert.Equal("pretrain-densenet-mini.tiny", source.Name);
        Assert.Equal(new MaskingSpec { PatchPixels = 8 }, source.Config.Model.Masking);
        Assert.InRange(Assert.Single(pretrained.Metrics, m => m.Name == "reconstruction-error").Value, 0.05, 1.5);

        var child = tiny.Request("child", false, $"first.init={pretrained.Folder}/");
        var warm = Runner.Run(
            new(child)
            {
                Resolve = Checkpoint.Load,
            },
            _ => { },
            TestContext.Current.CancellationToken
        )[0];
        Assert.Equal(1, warm.Receipt!.BackboneCoverage);
        Assert.True(warm.Receipt.Probe!.Holds);
        Assert.Contains(warm.Receipt.Tensors, t => t.Key == "classifier.weight" && t.Status == TransferStatus.Random);
    }

    [Fact]
    public void A_resumed_run_hides_what_one_that_never_stopped_hides()
    {
        using var tiny = new TinyRun();
        var whole = Runner.Run(tiny.Request("whole", false, Pretrain), _ => { }, TestContext.Current.CancellationToken)[
            0
        ];
        for (var stop = 1; stop <= 4; stop++)
            Assert.ThrowsAny<OperationCanceledException>(() =>
                Runner.Run(tiny.Request("parts", true, Pretrain), _ => { }, new CancellationToken(true)));
        var parts = Runner.Run(tiny.Request("parts", true, Pretrain), _ => { }, TestContext.Current.CancellationToken)[
            0
        ];
        Assert.Equal(RunnerTests.Weights(whole), RunnerTests.Weights(parts));
        Assert.Equal(whole.Metrics[0].Value, parts.Metrics[0].Value);
    }

    [Fact]
    public void The_error_is_the_same_in_every_pass_and_evaluates_on_the_same_images()
    {
        using var tiny = new TinyRun();
        var result = Runner.Run(
            tiny.Request("out", false, [.. Pretrain, "first.train.precision=f32"]),
            _ => { },
            TestContext.Current.CancellationToken
        )[0];
        using var checkpoint = Checkpoint.Load(result.Folder);
        var (_, samples) = CheckpointMetrics.Samples(checkpoint, "tiny", tiny.Data, EvaluationSplit.HeldOut);
        Assert.Equal(result.HeldOutImages, samples.Count);
        var first = CheckpointMetrics.Measure(checkpoint, samples)[0].Value;
        TorchSharp.torch.manual_seed(99);
        Assert.Equal(first, CheckpointMetrics.Measure(checkpoint, samples)[0].Value);
        Assert.Equal(result.Metrics[0].Value, first, 0.05); // stored matrices and this machine's own precision round
    }

    [Fact]
    public void What_another_task_holds_out_pretraining_never_sees()
    {
        // Half of the films have no angles: the tasks count different patients, and one split is not part of the other.
        Sample[] films = [.. Enumerable.Range(0, 60).Select(i => new Sample(
            id: $"{i}.png",
            imagePath: $"{i}.png",
            patient: $"p{i / 2}")
        {
            CobbDegrees = i % 4 < 2 ? [1, 2, 3] : [],
            Labels = i % 3 == 0 ? [1] : [],
        })];
        for (var seed = 1ul; seed <= 20; seed++)
        {
            var seen = LabelledSamples
                .Divide(films, CheckpointTask.Pretrain, 0.2, seed)
                .Train.Select(s => s.Patient)
                .ToHashSet();
            Assert.InRange(seen.Count, 12, 26); // of 30
            foreach (var task in (string[])[CheckpointTask.RegressCobb, CheckpointTask.Classify])
            {
                var labelled = films.Where(f => LabelledSamples.IsLabelled(f, task)).ToList();
                Assert.DoesNotContain(LabelledSamples.Divide(labelled, task, 0.2, seed).HeldOut, s =>
                    seen.Contains(s.Patient));
            }
        }
        var all = films.Select(f => f with { CobbDegrees = [1, 2, 3], Labels = [] }).ToList();
        Assert.Equal(
            LabelledSamples.Divide(all, CheckpointTask.RegressCobb, 0.2, 1).HeldOut,
            LabelledSamples.Divide(all, CheckpointTask.Pretrain, 0.2, 1).HeldOut);
    }

    [Fact]
    public void A_checkpoint_with_an_impossible_mask_is_refused()
    {
        var config = new CheckpointConfig
        {
            Model = new() { Architecture = "pretrain-densenet-mini", Masking = new() { PatchPixels = 8 } },
            Task = CheckpointTask.Pretrain,
            Input = new() { Width = 32, Height = 64 },
            Outputs = [],
        };
        config.Validate("config.json");
        foreach (
            var masking in (MaskingSpec?[])
                [
                    null,
                    new() { Share = double.NaN },
                    new() { PatchPixels = 0 },
                    new() { PatchPixels = -8 },
                    new() { PatchPixels = 12 },
                    new() { PatchPixels = 64 },
                ])
            Assert.Contains(
                "config.json",
                Assert
                    .Throws<MarrowException>(() =>
                        (config with { Model = config.Model with { Masking = masking } }).Validate("config.json"))
                    .Message);
        var classifier = config with
        {
            Task = CheckpointTask.Classify,
            Classes = ["a"],
            Model = config.Model with { Architecture = "densenet-mini" },
        };
        Assert.Contains(
            "for no other",
            Assert.Throws<MarrowException>(() => classifier.Validate("config.json")).Message);
    }

    [Theory]
    [InlineData(
        "first.pretrain.patch=7",
        "patch: expected a patch that divides the input's 32 x 32 px into two or more, found 7 px"
    )]
    [InlineData("first.pretrain.patch=32", "found 32 px")]
    [InlineData("first.pretrain.mask=1", "mask: expected a number from 0.1 to 0.9")]
    [InlineData("first.task=classify", "task classify hides nothing")]
    public void Impossible_masks_are_told_before_anything_is_read(string setting, string message)
    {
        using var tiny = new TinyRun();
        Assert.Contains(
            message,
            Assert.Throws<MarrowException>(() => tiny.Request("out", false, [.. Pretrain, setting])).Message);
    }
}

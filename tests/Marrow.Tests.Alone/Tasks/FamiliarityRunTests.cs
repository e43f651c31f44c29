using Marrow.Checkpoints;
using Marrow.Findings;
using Marrow.Hub;
using Marrow.Imaging;
using Marrow.Prediction;
using Marrow.Training.Runs;

namespace Marrow.Tests.Tasks;

/// <summary>Familiarity from a recipe to a prediction, and of a checkpoint that was trained without it.</summary>
public class FamiliarityRunTests
{
    private const int Images = 80;

    private static Checkpoint Trained(TinyRun run, params string[] overrides)
    {
        var result = Runner.Run(
            run.Request($"run-{overrides.Length}", resume: false, overrides), _ => { },
            TestContext.Current.CancellationToken)[0];
        return Checkpoint.Load(result.Folder);
    }

    private static LocalHub HubOf(TinyRun run, int overrides) =>
        new(Path.Combine(run.Folder, $"run-{overrides}", "hub"));

    private static Radiograph Stripes() => TestImages.Make(48, 48, (x, y) => (x + y) % 4 * 80);

    private static int Refused(PredictorSet predictor, TinyRun run) =>
        Enumerable.Range(0, Images).Count(i =>
            predictor.Predict(Path.Combine(run.Data, $"{i}.png")).Finding.Status == FindingStatus.Refused);

    [Fact]
    public void A_run_teaches_its_checkpoint_to_refuse_what_is_unlike_its_images()
    {
        using var run = new TinyRun(Images);
        using var checkpoint = Trained(run);
        Assert.NotNull(checkpoint.Config.Familiarity);
        using var predictor = PredictorSet.Open(HubOf(run, 0), checkpoint.Name);

        Assert.InRange(Refused(predictor, run), 0, Images / 10);
        var refused = predictor.Predict(Stripes());
        Assert.Equal(FindingStatus.Refused, refused.Status);
        Assert.StartsWith("The image is unlike those of the training", refused.Warnings[0], StringComparison.Ordinal);
        Assert.Null(refused.Part<ClassesPart>());

        predictor.Anyway = true;
        var anyway = predictor.Predict(Stripes());
        Assert.Equal(FindingStatus.Check, anyway.Status);
        Assert.Equal(refused.Warnings[0], anyway.Warnings[0]);
        Assert.NotNull(anyway.Part<ClassesPart>());

        var evaluated = new Evaluation(new()
        {
            Checkpoints = [checkpoint],
            Hub = HubOf(run, 0),
            Data = run.DataName,
            Root = run.Data,
        }).Measure(cancellation: TestContext.Current.CancellationToken);
        Assert.InRange(evaluated.Refused!.Value, 0, 3);
    }

    [Fact]
    public void A_checkpoint_that_knows_of_none_is_taught_by_a_new_one_with_the_same_weights()
    {
        using var run = new TinyRun(Images);
        using var old = Trained(run, "*.train.refusedShare=0");
        Assert.Null(old.Config.Familiarity);
        var hub = HubOf(run, 1);
        using (var before = PredictorSet.Open(hub, old.Name))
            Assert.Equal(FindingStatus.Ok, before.Predict(Stripes()).Status);

        var (made, report) = Calibration.Run(
            new() { Checkpoint = old, Hub = hub, Data = run.DataName, Root = run.Data },
            cancellation: TestContext.Current.CancellationToken);
        using var taught = made;

        Assert.Contains(report.Parts, part => part is not null);
        Assert.Equal((old.Name, "weights"), (taught.Parents.Checkpoints[0].Name, taught.Parents.Checkpoints[0].Role));
        Assert.Equal(old.Digest.ToString(), taught.Parents.Checkpoints[0].Digest);
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(old.Path, "model.safetensors")),
            File.ReadAllBytes(Path.Combine(taught.Path, "model.safetensors")));
        Assert.Equal(old.Metrics.Select(m => m.Value), taught.Metrics.Select(m => m.Value));
        Assert.Equal(old.License, taught.License);
        using var predictor = PredictorSet.Open(hub, old.Name); // The newest of the name.
        Assert.Equal(FindingStatus.Refused, predictor.Predict(Stripes()).Status);
        Assert.InRange(Refused(predictor, run), 0, Images / 10);
    }

    [Fact]
    public void Films_that_were_trained_on_teach_nothing_of_how_unlike_a_film_may_be()
    {
        using var run = new TinyRun(Images);
        using var all = Trained(run, "heldOut=0");
        Refused(null, "one that was trained on all of it");
        Refused("csv", "was trained on");

        void Refused(string? format, string reason)
        {
            var request = new CalibrationRequest
            {
                Checkpoint = all,
                Hub = HubOf(run, 1),
                Data = run.DataName,
                Root = run.Data,
                Format = format,
            };
            var error = Assert.Throws<MarrowException>(() => Calibration.Run(request));
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
            Assert.Single(HubOf(run, 1).List());
        }
    }

    [Fact]
    public void Of_too_few_images_nothing_is_learnt_and_the_log_says_so()
    {
        using var run = new TinyRun();
        var said = new List<string>();
        var result = Runner.Run(
            run.Request("few"), e => said.Add(e.Message ?? ""), TestContext.Current.CancellationToken)[0];
        using var checkpoint = Checkpoint.Load(result.Folder);

        Assert.Null(checkpoint.Config.Familiarity);
        Assert.Contains(said, message =>
            message.StartsWith("too few images to learn which are familiar", StringComparison.Ordinal));
    }
}

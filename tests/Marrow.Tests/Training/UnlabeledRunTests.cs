using Marrow.Checkpoints;
using Marrow.Tests.Checkpoints;
using Marrow.Training;

namespace Marrow.Tests.Training;

/// <summary>Whole stages that learn from unlabelled images too.</summary>
[Collection(GlobalGenerator.Name)]
public class UnlabeledRunTests
{
    private const string Uda = "uda: {warmup: 0.2, ramp: 0.3, ratio: 2, confidence: 0, annealing: log}";
    private const string Teacher = "teacher: {warmup: 0.2, ramp: 0.3, ratio: 2, confidence: 0, decay: 0.9}";
    private const string Cobb = "uda: {warmup: 0.2, ramp: 0.3, ratio: 2, confidence: 0}";

    [Theory]
    [InlineData("classify", Uda)]
    [InlineData("detect-vertebrae", Teacher)]
    [InlineData("regress-cobb", Cobb)]
    public void A_run_that_is_stopped_and_resumed_ends_with_the_weights_of_one_that_never_stopped(string task, string method)
    {
        const int steps = 8;
        var train = $"steps: {steps}, batch: 4, accumulate: 2, lr: 2.0e-3, ema: 0.9, saveEverySeconds: 0";
        using var run = Create(task, train, method);
        var accepted = new List<double>();
        var whole = Runner.Run(run.Request("whole", false), e => { if (e.Unlabeled.TryGetValue("accepted", out var a)) accepted.Add(a); }, TestContext.Current.CancellationToken)[0];
        Assert.NotEmpty(accepted);
        // Asked to stop from the start, a run does one step, saves its state and stops: before, in and after the warm-up.
        for (var stop = 1; stop < steps; stop++)
            Assert.ThrowsAny<OperationCanceledException>(() => Runner.Run(run.Request("parts", true), _ => { }, new CancellationToken(true)));
        var parts = Runner.Run(run.Request("parts", true), _ => { }, TestContext.Current.CancellationToken)[0];
        Assert.Equal(Weights(whole), Weights(parts));
        var without = Runner.Run(run.Request("without", false, run.Remove(method)), _ => { }, TestContext.Current.CancellationToken)[0];
        Assert.NotEqual(Weights(whole), Weights(without));
    }

    private static Runs Create(string task, string train, string method)
    {
        if (task == "classify")
        {
            var tiny = new TinyRun(train: train, stage: ["unlabeled: {name: tiny, format: images}", method]);
            return new(tiny, (name, resume, set) => tiny.Request(name, resume, set), "first");
        }
        var spine = new SpineRun(task, task == "regress-cobb" ? "cobb-densenet-mini" : "retinanet-densenet-mini", train, "unlabeled: {name: spines, format: images}", method);
        return new(spine, (name, resume, set) => spine.Request(name, resume, set), "spine");
    }

    private sealed record Runs(IDisposable Folder, Func<string, bool, string[], RunRequest> Make, string Stage) : IDisposable
    {
        public RunRequest Request(string name, bool resume, params string[] overrides) => Make(name, resume, [$"{Stage}.data.validation=0", .. overrides]); // the last weights count

        /// <summary>Overrides that take the method away.</summary>
        public string[] Remove(string method) => [$"{Stage}.unlabeled=", $"{Stage}.{method[..method.IndexOf(':', StringComparison.Ordinal)]}="];

        public void Dispose() => Folder.Dispose();
    }

    private static byte[] Weights(StageResult result) => File.ReadAllBytes(Path.Combine(result.Folder, Checkpoint.WeightsFile));
}

using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Hub;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;
using static TorchSharp.torch;

namespace Marrow.Tests.Training;

public class MatchedInitTests
{
    [Fact]
    public void A_matched_start_has_the_statistics_of_each_layer_and_none_of_its_weights()
    {
        using var tiny = new TinyRun();
        var hub = Path.Combine(tiny.Folder, "hub");
        Run("parent", "first.tag=parent", "first.train.steps=20", "first.train.lr=0.01");
        var matched = Run(
            "child",
            "first.tag=child",
            "first.init=matched:densenet-mini.parent",
            "first.train.steps=1",
            "first.train.lr=1e-9",
            "first.ema=0");

        Assert.Equal(0, matched.Receipt!.BackboneCoverage);
        Assert.All(matched.Receipt.Tensors, t => Assert.Equal(TransferStatus.Random, t.Status));
        using var parent = new LocalHub(hub).Resolve("densenet-mini.parent");
        using var child = Checkpoint.Load(matched.Folder);
        Assert.Equal("matched-statistics", Assert.Single(child.Parents.Checkpoints).Role);
        var compared = 0;
        foreach (var entry in parent.Weights.Entries.Where(e => e.Shape.Length == 4))
        {
            using Tensor before = parent.Weights.Read(entry.Name).to(float32),
                after = child.Weights.Read(entry.Name).to(float32);
            float[] a = before.data<float>().ToArray(), b = after.data<float>().ToArray();
            var deviation = DrawnWeights.Deviation(a);
            Assert.Equal(a.Average(), b.Average(), 5.5 * deviation / Math.Sqrt(a.Length) + 1e-3);
            Assert.Equal(1, DrawnWeights.Deviation(b) / deviation, 5.5 / Math.Sqrt(a.Length) + 0.02); // stored as bf16
            Assert.True(Math.Abs(DrawnWeights.Correlation(a, b)) < 5.5 / Math.Sqrt(a.Length), entry.Name);
            compared++;
        }
        Assert.True(compared > 10);

        StageResult Run(string outName, params string[] overrides) =>
            Assert.Single(
                Runner.Run(
                    new(tiny.Request(outName, false, overrides))
                    {
                        HubFolder = hub,
                        Resolve = new LocalHub(hub).Resolve,
                    },
                    _ => { },
                    TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("")]
    [InlineData("matched:")]
    public void Of_a_file_with_several_sets_of_weights_those_that_were_left_are_said(string how)
    {
        using var tiny = new TinyRun();
        using var model = Drafts.Model();
        var path = Path.Combine(tiny.Folder, "two.pth");
        File.WriteAllBytes(path, new NestedFile().Open("model").State(model.state_dict()).Close()
            .Open("ema").State(model.state_dict()).Close().Bytes());
        var said = new List<string>();
        Runner.Run(
            new(tiny.Request("two", false, $"first.init={how}{path}", "first.train.steps=1"))
            {
                Resolve = new LocalHub(Path.Combine(tiny.Folder, "hub")).Resolve,
            },
            e => said.AddRange(e.Message is { } message ? [message] : []),
            TestContext.Current.CancellationToken);
        Assert.Contains(said, message => message.EndsWith("named behind a #: ema", StringComparison.Ordinal));
    }

    [Fact]
    public void An_earlier_stage_may_be_matched_too()
    {
        using var tiny = new TinyRun();
        File.AppendAllText(tiny.RecipePath, """

              - name: second
                task: classify
                model: densenet-mini
                init: matched:first
                tag: second
                data: {name: tiny, format: csv}
                input: {width: 32, height: 32}
            """);
        var recipe = RecipeReader.Read(tiny.RecipePath, []);
        Assert.Equal("matched:first", recipe.Stages[1].Init);
        Assert.Equal("matched:densenet-mini.tiny", recipe.Only(["second"]).Stages[0].Init);
    }
}

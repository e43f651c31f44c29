using System.Text.Json;
using Marrow.Training.Demo;
using Marrow.Training.Loop;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Demo;

public sealed class DemoRunTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"marrow-demo-{Guid.NewGuid():N}");

    [Fact]
    public void A_small_demo_ends_with_its_figures_and_a_page_and_goes_on_where_it_was_cut()
    {
        var request = Small("demo");
        using (var cancellation = new CancellationTokenSource())
        {
            Assert.Throws<OperationCanceledException>(() => DemoRun.Run(request, e =>
            {
                if (e is { Stage: "landmarks-scratch", Message: not null })
                    cancellation.Cancel();
            }, cancellation.Token));
        }
        Assert.False(File.Exists(Path.Combine(request.OutFolder, "demo.json")));

        var events = new List<RunEvent>();
        var result = DemoRun.Run(request, events.Add);

        Assert.Equal(request.OutFolder, result.Folder);
        Assert.Contains(events, e =>
            e.Stage == "features" && e.Message?.StartsWith("done before", StringComparison.Ordinal) == true);
        Assert.Equal(
            ["features", "landmarks", "landmarks-scratch", "cobb", "cobb-scratch"],
            result.Stages.Select(s => s.Stage));
        foreach (var comparison in result.Comparisons)
        {
            Assert.Equal(1, comparison.Warm.Receipt!.BackboneCoverage);
            Assert.True(comparison.Warm.Receipt.Probe!.BitIdentical);
            Assert.Null(comparison.Scratch.Receipt);
            Assert.Equal(comparison.Scratch.Progress.Step, comparison.Warm.Progress.Step);
        }

        // Two ways of measuring the same films must agree: the stage in float32, the prediction with the stored
        // weights, whose bfloat16 has 8 bits. SMAPE is about 40 % here, so 0.2 points are 1 part in 200 of each of the
        // two whose difference the gain is.
        var regressor = result.Comparisons[1];
        Assert.Equal(Smape(regressor.Scratch) - Smape(regressor.Warm), regressor.SmapeGain.Value, 2 * 0.2);

        var page = File.ReadAllText(result.Page);
        Assert.Contains(result.Sentence.Replace("'", "&#39;"), page);
        foreach (
            var part in new[]
            {
                "Learning curves",
                "Held-out films",
                "Transfer receipts",
                "class=\"lineage\"",
                "retinanet-densenet-mini.phantoms",
                "equal bit for bit",
            }
        )
            Assert.Contains(part, page);
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(request.OutFolder, "demo.json")));
        Assert.Equal(result.Sentence, document.RootElement.GetProperty("sentence").GetString());
        Assert.Equal(2, document.RootElement.GetProperty("comparisons").GetArrayLength());
    }

    [Fact]
    public void A_finished_demo_is_left_alone_and_the_next_one_gets_a_number()
    {
        var request = Small("demo");
        var first = DemoFolder.Open(request, "recipe");
        Assert.False(first.Resumes);
        Assert.True(DemoFolder.Open(request, "recipe").Resumes);

        File.WriteAllText(first.Result, "{}");
        var second = DemoFolder.Open(request, "recipe");
        Assert.Equal(request.OutFolder + "-2", second.Root);
        Assert.False(second.Resumes);
        Assert.Equal(request.OutFolder + "-3", DemoFolder.Open(Small("demo", seed: 2), "recipe").Root);
        Assert.Equal(request.OutFolder + "-2", DemoFolder.Open(request, "recipe").Root);
    }

    [Fact]
    public void A_folder_with_other_files_is_refused()
    {
        var request = Small("mine");
        Directory.CreateDirectory(request.OutFolder);
        File.WriteAllText(Path.Combine(request.OutFolder, "thesis.txt"), "");
        Assert.Contains(
            "nothing is written over",
            Assert.Throws<MarrowException>(() => DemoRun.Run(request, _ => { })).Message);

        Assert.Contains(
            "expected a folder",
            Assert.Throws<MarrowException>(() => DemoRun.Run(Small("mine/thesis.txt"), _ => { })).Message);
    }

    [Fact]
    public void The_recipe_built_in_is_the_repositorys_and_its_pairs_differ_in_their_start_alone()
    {
        var path = Path.Combine(Repository.Root(), "recipes", "demo.yaml");
        Assert.Equal(File.ReadAllText(path), DemoRun.RecipeText());
        var stages = RecipeReader.Read(path, []).Stages.ToDictionary(s => s.Name);
        foreach (var name in new[] { "landmarks", "cobb" })
        {
            var (warm, scratch) = (stages[name], stages[name + "-scratch"]);
            Assert.NotNull(warm.Init);
            Assert.Null(scratch.Init);
            var same = warm with { Name = scratch.Name, Init = null, Tag = scratch.Tag };
            Assert.Equal(JsonSerializer.Serialize(scratch), JsonSerializer.Serialize(same));
        }
    }

    public void Dispose()
    {
        if (Directory.Exists(_folder))
            Directory.Delete(_folder, recursive: true);
    }

    private static double Smape(StageResult stage) => stage.Metrics.Single(m => m.Name == "smape").Value;

    private DemoRequest Small(string name, ulong seed = 1) => new()
    {
        OutFolder = Path.Combine(_folder, name),
        Seed = seed,
        Chests = 24,
        Spines = 12,
        Overrides =
        [
            "features.input={width: 32, height: 32}", "features.steps=2", "features.epochs=", "features.batch=8",
            "*.batch=4",
            .. new[] { "landmarks", "landmarks-scratch", "cobb", "cobb-scratch" }.SelectMany(s => new[]
            {
                $"{s}.input={{width: 32, height: 96, fit: letterbox}}", $"{s}.train.steps=2", $"{s}.data.limit=4",
            }),
        ],
    };
}

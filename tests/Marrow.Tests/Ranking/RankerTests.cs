using System.Text.Json;
using Marrow.Cli;
using Marrow.Tasks;
using Marrow.Training.Ranking;
using Marrow.Training.Runs;
using Spectre.Console.Testing;

namespace Marrow.Tests.Ranking;

/// <summary>Pictures and a hub with a checkpoint that was trained to tell them apart, made once.</summary>
public sealed class RankedHub : IDisposable
{
    private readonly TinyRun _tiny = new(images: 80, train: "steps: 60, batch: 8, lr: 3.0e-3, ema: 0.9");

    public RankedHub()
    {
        var run = _tiny.Request("out", overrides: "heldOut=0.5");
        Runner.Run(run, _ => { });
        Hub = run.HubFolder;
    }

    public string Data => _tiny.Data;
    public string Hub { get; }

    public void Dispose() => _tiny.Dispose();
}

/// <summary>The whole way on small pictures: the checkpoint, and random weights. No test writes into the hub.</summary>
public sealed class RankerTests(RankedHub ranked) : IClassFixture<RankedHub>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _hub = ranked.Hub;

    public void Dispose() => _folder.Dispose();

    private RankRequest Request(
        FineTuneOptions? fineTune = null,
        string task = CheckpointTask.Classify,
        string? hub = null,
        params string[] checkpoints) => new()
        {
            DataName = "tiny",
            DataRoot = ranked.Data,
            Task = task,
            HubFolder = hub ?? _hub,
            Checkpoints = checkpoints,
            Folds = 4,
            CacheFolder = _folder["cache"],
            FineTune = fineTune,
        };

    [Fact]
    public void A_checkpoint_competes_with_random_weights_on_images_it_never_saw_and_a_second_time_from_the_cache()
    {
        var first = Ranker.Rank(Request(), _ => { });
        Assert.Equal(40, first.Images);
        Assert.Equal(
            [CandidateKind.Checkpoint, CandidateKind.Random, CandidateKind.MatchedRandom],
            first.Candidates.Select(c => c.Kind).Order());
        Assert.Equal(
            "densenet-mini.tiny",
            first.Candidates.Single(c => c.Kind == CandidateKind.MatchedRandom).MatchedTo);
        Assert.True(first.Candidates.Single(c => c.Kind == CandidateKind.Checkpoint).Probe.Value > 0.9);
        Assert.Null(first.Candidates[0].ToBest);
        Assert.All(first.Candidates.Skip(1), c => Assert.True(c.ToBest!.Value <= 0));
        Assert.All(first.Candidates, c => Assert.False(c.FeaturesFound));
        Assert.Empty(first.Agreement);
        Assert.Contains("20 patients are few", Assert.Single(first.Warnings));

        var second = Ranker.Rank(Request(), _ => { });
        Assert.All(second.Candidates, c => Assert.True(c.FeaturesFound));
        Assert.Equivalent(Scores(first), Scores(second), strict: true);

        static object Scores(RankResult ranking) =>
            ranking.Candidates.Select(c => new { c.Name, c.Probe, c.LogMe, c.HScore, c.Gbc }).ToList();
    }

    [Fact]
    public void Fine_tunes_are_of_the_same_images_and_kept_and_the_table_fits_120_columns()
    {
        var options = new FineTuneOptions { All = true, Steps = 6, Repeats = 2 };
        var ranking = Ranker.Rank(Request(options), _ => { });
        // a third, by patients of two
        Assert.All(ranking.Candidates, c => Assert.Equal((2, 14), (c.FineTuned!.Runs.Count, c.FineTuned.TestImages)));
        Assert.All(ranking.Candidates, c => Assert.Equal(40, c.FineTuned!.TrainingImages + c.FineTuned.TestImages));
        Assert.Equal(["probe", "logMe", "hScore", "gbc"], ranking.Agreement.Select(a => a.Score));
        // The probe finds every picture from any start: an order of equals agrees with nothing.
        Assert.All(ranking.Agreement, a => Assert.Equal(a.Score == "probe", double.IsNaN(a.Spearman)));
        Assert.All(ranking.Agreement.Skip(1), a =>
            Assert.True(a.Spearman is >= -1 and <= 1 && a.SpearmanP is > 0 and <= 1));

        var messages = 0;
        var again = Ranker.Rank(Request(options), e => messages += e.Loss is null ? 0 : 1);
        Assert.Equal(0, messages);
        Assert.Equal(
            ranking.Candidates.Select(c => c.FineTuned!.Mean),
            again.Candidates.Select(c => c.FineTuned!.Mean));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_folder["cache"], "fine-tune")));

        const string longName = "retinanet-densenet121.spineweb16", longLicense = "LicenseRef-SpineWeb-research";
        var console = new TestConsole().Width(120);
        foreach (var candidate in ranking.Candidates)
            (candidate.Name, candidate.License, candidate.FeatureSeconds) = (longName, longLicense, 100.1);
        console.Draw(ranking.Report);
        Assert.Contains(longName + " ", console.Output);
        Assert.Contains(longLicense + " ", console.Output);
        Assert.All(
            console.Output.Split('\n').SkipWhile(l => !l.Contains("start from")).TakeWhile(l => l.Trim().Length > 0),
            line => Assert.True(line.TrimEnd().Length <= 120, line));
        Assert.Contains(ranking.Recommendation, string.Join(' ', console.Output.Split('\n').Select(l => l.TrimEnd())));
    }

    [Fact]
    public void The_command_prints_a_document_and_writes_it()
    {
        var (output, error, file) = (new StringWriter(), new StringWriter(), _folder["ranking.json"]);
        var code = CommandLine.Run(
            [
                "hub",
                "rank",
                "--data",
                $"tiny={ranked.Data}",
                "--task",
                "classify",
                "--hub",
                _hub,
                "--cache",
                _folder["cache"],
                "--folds",
                "3",
                "--size",
                "64x32",
                "--json",
                "--out",
                file,
            ],
            output,
            error,
            default);
        Assert.True(code == 0, error.ToString());
        using var document = JsonDocument.Parse(output.ToString());
        var best = document.RootElement.GetProperty("candidates")[0];
        Assert.Equal(
            (1, 64, 32),
            (
                best.GetProperty("rank").GetInt32(),
                best.GetProperty("width").GetInt32(),
                best.GetProperty("height").GetInt32()));
        Assert.Equal("auroc", document.RootElement.GetProperty("metric").GetString());
        Assert.NotEmpty(document.RootElement.GetProperty("recommendation").GetString()!);
        var written = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(file))!.AsObject();
        // the mark of a file that Marrow may replace
        Assert.Equal("marrow hub rank", written["madeBy"]!.GetValue<string>());
        written.Remove("madeBy");
        using var unmarked = JsonDocument.Parse(written.ToJsonString());
        Assert.True(JsonElement.DeepEquals(document.RootElement, unmarked.RootElement));
    }

    [Fact]
    public void A_module_of_its_makers_own_is_left_out_and_it_says_so()
    {
        var hub = _folder["hub"];
        foreach (
            var path in Directory.EnumerateFiles(
                _hub,
                "*",
                new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 }
            ))
        {
            var copy = Path.Combine(hub, Path.GetRelativePath(_hub, path));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(path, copy);
        }
        Drafts.SaveCustom(hub).Dispose();
        var ranking = Ranker.Rank(Request(hub: hub), _ => { });
        Assert.DoesNotContain(ranking.Candidates, c => c.Name == Drafts.CustomName);
        Assert.Contains(ranking.Warnings, w =>
            w.StartsWith(
                $"{Drafts.CustomName}: not ranked. It is a module of its maker's own",
                StringComparison.Ordinal));
        Assert.Contains(
            "its maker's own",
            Assert
                .Throws<MarrowException>(() =>
                    Ranker.Rank(Request(hub: hub, checkpoints: Drafts.CustomName), _ => { }))
                .Message);

        var alone = _folder["alone"];
        Drafts.SaveCustom(alone).Dispose();
        Assert.Contains(
            "expected a hub with a checkpoint that can be ranked, found segmenter.phantom: not ranked",
            Assert.Throws<MarrowException>(() => Ranker.Rank(Request(hub: alone), _ => { })).Message);
    }

    [Fact]
    public void What_a_probe_can_not_tell_is_refused_with_the_reason()
    {
        Assert.Contains(
            "Rank for regress-cobb",
            Assert
                .Throws<MarrowException>(() => Ranker.Rank(Request(task: CheckpointTask.DetectVertebrae), _ => { }))
                .Message);
        Assert.Contains(
            "targets for regress-cobb",
            Assert
                .Throws<MarrowException>(() => Ranker.Rank(Request(task: CheckpointTask.RegressCobb), _ => { }))
                .Message);
        var empty = Directory.CreateDirectory(_folder["empty"]).FullName;
        Assert.Contains(
            "a hub with a checkpoint",
            Assert.Throws<MarrowException>(() => Ranker.Rank(Request(hub: empty), _ => { })).Message);
        Assert.Contains(
            "weights alone",
            Assert
                .Throws<MarrowException>(() => Ranker.Rank(Request(checkpoints: Weights()), _ => { }))
                .Message);

        string Weights()
        {
            var copy = _folder["bare.safetensors"];
            File.Copy(Directory.GetFiles(_hub, "model.safetensors", SearchOption.AllDirectories)[0], copy);
            return copy;
        }
    }
}

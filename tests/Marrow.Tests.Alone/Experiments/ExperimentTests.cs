using System.Text.Json;
using System.Text.Json.Nodes;
using Marrow.Checkpoints;
using Marrow.Hub;
using Marrow.Training.Experiments;
using Marrow.Training.Runs;

namespace Marrow.Tests.Experiments;

/// <summary>
/// An experiment from nothing and from a start, carried out once for the tests that look at what it gave.
/// </summary>
public sealed class FinishedExperiment : IDisposable
{
    public FinishedExperiment()
    {
        Experiment = new TinyExperiment().WithStart();
        Result = TinyExperiment.Run(Experiment.Request("out"));
    }

    internal TinyExperiment Experiment { get; }
    internal ExperimentResult Result { get; }

    public void Dispose() => Experiment.Dispose();
}

public class ExperimentTests(FinishedExperiment finished) : IClassFixture<FinishedExperiment>
{
    [Fact]
    public void An_experiment_measures_every_run_on_the_same_films_and_writes_what_it_found()
    {
        var (experiment, result) = (finished.Experiment, finished.Result);

        Assert.Equal(2 * 2 * 2, result.Runs.Count);
        Assert.Equal(result.Plan.HeldOutDigest, Assert.Single(result.Runs.Select(r => r.HeldOutDigest).Distinct()));
        Assert.All(result.Runs, r => Assert.Equal(r.Run.Share.Patients * 2, r.Images));
        Assert.Equal(4, result.Cells.Count);
        Assert.All(result.Runs, r => Assert.Equal(1000, r.Value("auroc").Draws!.Count));

        var runs = experiment.Out("out/runs");
        var subsets = result
            .Runs.Where(r => r.Run is { Start: "scratch", Seed: 3 })
            .Select(r => HeldOut(Path.Combine(runs, r.Run.Name, "first", "split.json")))
            .ToList();
        Assert.Equal(subsets[0], subsets[1]);
        Assert.Single(Weights(runs)); // The model of the start with all labels and the first seed.

        var page = File.ReadAllText(experiment.Out("out/experiment.html"));
        Assert.All(result.Runs, r => Assert.Contains($"--out runs/{r.Run.Name}", page, StringComparison.Ordinal));
        foreach (
            var file in (string[])
                ["experiment.png", "experiment.csv", "runs.csv", "experiment.md", "experiment.json", "plan.json"])
            Assert.True(new FileInfo(experiment.Out($"out/{file}")).Length > 0, file);
        var text = File.ReadAllLines(experiment.Out("out/experiment.md"));
        Assert.All(result.Sentences, sentence => Assert.Contains("- " + sentence, text));
        var rows = text.Where(line => line.StartsWith('|')).ToList();
        // Two tables, each with a header and a rule.
        Assert.Equal((2 + result.Cells.Count) + (2 + result.Differences.Count), rows.Count);
        Assert.Equal(2, rows.Select(row => row.Count(c => c == '|')).Distinct().Count());
        Assert.Contains(result.Plan.Warnings, w => w.Contains("was trained on tiny itself", StringComparison.Ordinal));

        static string HeldOut(string split) =>
            JsonNode.Parse(File.ReadAllText(split))!["heldOutPatients"]!.ToJsonString();
    }

    [Fact]
    public void Every_run_is_repeated_by_an_ordinary_run_with_its_overrides()
    {
        var experiment = finished.Experiment;
        var result = TinyExperiment.Run(
            new(experiment.Request("repeated"))
            {
                Save = false,
                Seeds = 1,
                Fractions = [0.5],
                Starts = ["scratch", "matched:" + TinyExperiment.Start, TinyExperiment.Start],
            }
        );
        foreach (var run in result.Runs)
        {
            var again = Runner.Run(
                new(experiment.Tiny.Request(
                    $"again-{run.Run.Name}",
                    false,
                    ["first.data.validation=0", .. run.Run.Overrides]
                ))
                {
                    Resolve = new LocalHub(experiment.Hub).Resolve,
                },
                _ => { },
                TestContext.Current.CancellationToken);
            Assert.Equal(
                run.Metrics.Select(m => (m.Name, m.Value, m.Low)),
                again[0].Metrics.Select(m => (m.Name, m.Value, m.Low)));
        }
    }

    [Fact]
    public void The_model_of_a_start_is_saved_with_what_the_start_was_worth()
    {
        var experiment = finished.Experiment;
        var saved = Assert.Single(finished.Result.Saved);

        using var child = new LocalHub(experiment.Hub).Resolve(saved.Checkpoint);
        Assert.Equal("densenet-mini.tiny-from-densenet-mini-parent", child.Name);
        var worth = Assert.Single(child.Parents.Checkpoints).Worth!;
        Assert.Equal(("tiny", "auroc", "supervised", 2), (worth.Experiment, worth.Metric, worth.Method, worth.Seeds));
        Assert.Equal([10, 18], worth.Points.Select(p => p.Images));
        Assert.Contains("with 10 images auroc", worth.Describe(), StringComparison.Ordinal);
        Assert.Contains(
            "What densenet-mini.parent was worth",
            File.ReadAllText(Path.Combine(child.Path, Checkpoint.CardFile)),
            StringComparison.Ordinal);
        Assert.Contains(LineageGraph.Of(new LocalHub(experiment.Hub), child.Name).Links, link =>
            link.Worth is not null);
        Assert.True(new LocalHub(experiment.Hub).Verify().Faults.Count == 0);

        var again = TinyExperiment.Run(new(experiment.Request("out")) { Resume = true });
        Assert.Equal(saved.Checkpoint, Assert.Single(again.Saved).Checkpoint);
    }

    [Theory]
    [InlineData("{age: years}", "years")]
    [InlineData("{}", "")]
    public void The_unit_of_a_metric_of_numbers_is_that_of_the_labels(string units, string unit)
    {
        using var experiment = new TinyExperiment().WithStart();
        var csv = Path.Combine(experiment.Tiny.Data, "labels.csv");
        var rows = File.ReadAllLines(csv);
        File.WriteAllLines(csv, rows.Select((row, i) => i == 0 ? $"{row},age" : $"{row},{20 + i * 7 % 50}"));

        string[] numbers = ["first.task=regress", "first.model=regress-densenet-mini", "first.data.kind=numbers",
            "first.data.labelColumns=[age]", $"first.data.units={units}", "first.tag=age"];
        var result = TinyExperiment.Run(new(experiment.Request("out", numbers)) { Metric = "mae", Seeds = 1 });

        Assert.All(result.Runs, r => Assert.Equal(unit, r.Metrics.First(m => m.Name == "mae").Unit));
        Assert.Equal(unit, result.Unit);
        Assert.Equal(
            unit,
            JsonNode.Parse(File.ReadAllText(experiment.Out("out/experiment.json")))!["unit"]!.GetValue<string>());
        var header = unit.Length > 0 ? $"| mae ({unit}) |" : "| mae |";
        Assert.Contains(header, File.ReadAllText(experiment.Out("out/experiment.md")), StringComparison.Ordinal);
        using var child = new LocalHub(experiment.Hub).Resolve(Assert.Single(result.Saved).Checkpoint);
        Assert.Equal(unit, Assert.Single(child.Parents.Checkpoints).Worth!.Unit);
    }

    [Fact]
    public void An_experiment_that_is_stopped_and_resumed_ends_as_one_that_never_was()
    {
        var (experiment, whole) = (finished.Experiment, finished.Result);
        for (var stopped = 0; stopped < 3; stopped++)
        {
            using var stop = new CancellationTokenSource();
            var steps = 0;
            Assert.Throws<OperationCanceledException>(() =>
                TinyExperiment.Run(
                    new(experiment.Request("parts"))
                    {
                        Save = false,
                        Resume = stopped > 0,
                    },
                    e =>
                    {
                        if (e.Loss is not null && ++steps > stopped)
                            stop.Cancel();
                    },
                    stop.Token));
        }
        var parts = TinyExperiment.Run(new(experiment.Request("parts")) { Save = false, Resume = true });
        Assert.Equal(Comparable(whole), Comparable(parts));

        static string Comparable(ExperimentResult r) =>
            JsonSerializer.Serialize(
                new
                {
                    r.Cells,
                    r.Differences,
                    r.Savings,
                    r.Sentences,
                    Runs = r.Runs.Select(run => run.Metrics),
                },
                MarrowJson.Options);
    }

    [Fact]
    public void Amounts_starts_and_seeds_may_be_added_to_a_experiment()
    {
        using var experiment = new TinyExperiment();
        var request = new ExperimentRequest(experiment.Request("out"))
        {
            Starts = ["scratch"],
            Seeds = 1,
            Fractions = [1],
        };
        TinyExperiment.Run(request);
        var trained = 0;
        var result = TinyExperiment.Run(new(request) { Resume = true, Fractions = [0.5, 1] }, e =>
            trained +=
                e.Stage == ExperimentProgress.All && e.Message is { } m && m.Contains(" in ", StringComparison.Ordinal)
                    ? 1
                    : 0);
        Assert.Equal((2, 1), (result.Runs.Count, trained));
    }

    [Fact]
    public void An_experiment_by_numbers_of_patients_is_resumed()
    {
        using var experiment = new TinyExperiment();
        var request = new ExperimentRequest(experiment.Request("out"))
        {
            Starts = ["scratch"],
            Seeds = 1,
            Fractions = [],
            Patients = [5],
        };
        var before = TinyExperiment.Run(request);
        var after = TinyExperiment.Run(new(request) { Resume = true });
        Assert.Equal("5 patients", Assert.Single(after.Runs).Run.Share.ToString());
        Assert.Equal(before.Runs[0].Ended, after.Runs[0].Ended);
    }

    [Fact]
    public void A_run_that_fails_is_told_of_and_the_others_go_on()
    {
        using var experiment = new TinyExperiment();
        var request = new ExperimentRequest(experiment.Request("out"))
        {
            Starts = ["scratch"],
            Seeds = 2,
            Fractions = [1],
        };
        // The first run's folder holds a run of something else.
        var home = Path.Combine(request.OutFolder, "runs", Experiment.Plan(request).Runs[0].Name);
        Runner.Run(
            new(experiment.Tiny.Request("other", false, "first.steps=1"))
            {
                OutFolder = home,
            },
            _ => { },
            TestContext.Current.CancellationToken);
        var result = TinyExperiment.Run(request);
        Assert.Contains("has another recipe", Assert.Single(result.Failures).Message, StringComparison.Ordinal);
        Assert.Equal(4ul, Assert.Single(result.Runs).Run.Seed);
        Assert.Contains(
            "Failed runs",
            File.ReadAllText(experiment.Out("out/experiment.html")),
            StringComparison.Ordinal);
    }

    [Fact]
    public void The_plan_counts_and_orders_the_runs_and_draws_nested_subsets_of_whole_patients()
    {
        using var experiment = new TinyExperiment();
        var plan = Experiment.Plan(
            new(experiment.Request("out"))
            {
                Starts = ["scratch"],
                Seeds = 3,
                Fractions = [1, 0.2, 0.5],
            }
        );
        Assert.Equal(9, plan.Runs.Count);
        Assert.Equal(Enumerable.Range(0, 9), plan.Runs.Select(r => r.Index));
        Assert.Equal([2, 5, 9], plan.Shares.Select(s => s.Patients));
        Assert.Equal([3ul, 4, 5], plan.Seeds);
        Assert.Equal(9, plan.Runs.Select(r => r.Name).Distinct().Count());
        Assert.All(plan.Subsets, s => Assert.Equal(s.Images, s.Positives.Values.Sum()));
        Assert.False(Directory.Exists(experiment.Out("out")));

        var samples = plan.Runs.Where(r => r.Seed == 4).Select(run => Samples(experiment, run)).ToList();
        Assert.All(samples.Zip(samples.Skip(1)), pair =>
            Assert.Subset(
                pair.Second.Training.Select(s => s.Id).ToHashSet(),
                pair.First.Training.Select(s => s.Id).ToHashSet()));
        Assert.All(samples, s => Assert.All(s.Training.CountBy(x => x.Patient), p => Assert.Equal(2, p.Value)));
        Assert.Single(plan.Runs.Select(run => ExperimentPlanner.HeldOutDigest(Samples(experiment, run))).Distinct());
    }

    [Fact]
    public void Labels_may_be_given_as_patients()
    {
        using var experiment = new TinyExperiment();
        var plan = Experiment.Plan(
            new(experiment.Request("out"))
            {
                Starts = ["scratch"],
                Fractions = [],
                Patients = [8, 3],
            }
        );
        Assert.Equal(["3 patients", "8 patients"], plan.Shares.Select(s => s.ToString()));
        Assert.Contains("first.data.limit=3", plan.Runs[0].Overrides);
    }

    [Fact]
    public void Epochs_become_the_steps_that_all_labels_would_take()
    {
        using var experiment = new TinyExperiment();
        var plan = Experiment.Plan(
            new(experiment.Request("out", "first.train.steps=", "first.train.epochs=3"))
            {
                Starts = ["scratch"],
            }
        );
        Assert.Equal(3 * (18 / 4), Assert.Single(plan.Steps)); // 18 images, batches of 4
        Assert.Contains("first.train.steps=12", plan.Runs[0].Overrides);
        Assert.Contains("first.train.epochs=", plan.Runs[0].Overrides);
    }

    [Fact]
    public void Methods_are_the_sections_that_are_left_in()
    {
        using var experiment = new TinyExperiment();
        var recipe = experiment.Request("out").Recipe;
        recipe = new(recipe)
        {
            SourceText =
                recipe.SourceText + "\n    unlabeled: {name: films, format: images}\n    uda: {}\n    teacher: {}\n",
        };
        var overrides = new ExperimentOverrides(recipe, [4]);
        ExperimentStart scratch = new("scratch", "scratch", "");
        Assert.Equal(["first.unlabeled=", "first.uda=", "first.teacher="], Removed("supervised"));
        Assert.Equal(["first.teacher="], Removed("uda"));
        Assert.Equal(["first.uda="], Removed("teacher"));

        IEnumerable<string> Removed(string method) =>
            overrides.Of(scratch, method, new(1, 10), 1, 1).Where(o => o.EndsWith('='));
    }

    [Fact]
    public void A_method_needs_its_unlabelled_images_and_the_others_do_not()
    {
        using var experiment = new TinyExperiment();
        File.AppendAllText(
            experiment.Tiny.RecipePath,
            "\n    unlabeled: {name: films, format: images}\n    uda: {ratio: 1}\n");
        var request = new ExperimentRequest(experiment.Request("out")) { Starts = ["scratch"] };
        Assert.Contains(
            "'films', which method uda needs",
            Assert.Throws<MarrowException>(() => Experiment.Plan(request)).Message,
            StringComparison.Ordinal);
        Assert.Equal(4, Experiment.Plan(new(request) { Methods = ["supervised"] }).Runs.Count);

        var films = Directory.CreateDirectory(experiment.Out("films")).FullName;
        request = new(request)
        {
            DataFolders = new Dictionary<string, string>(request.DataFolders) { ["films"] = films },
        };
        Assert.Throws<MarrowException>(() => Experiment.Plan(request)); // A folder without images.
        foreach (var file in Directory.GetFiles(experiment.Tiny.Data, "1*.png"))
            File.Copy(file, Path.Combine(films, Path.GetFileName(file)));
        var plan = Experiment.Plan(request);
        Assert.Equal((8, "supervised", "uda"), (plan.Runs.Count, plan.Methods[0], plan.Methods[1]));
        Assert.All(plan.Runs, run =>
            Assert.Equal(
                run.Method == "uda",
                ExperimentPlanner.RecipeOf(request, run, plan.Stages).Stages[0].Uda is not null));
    }

    [Fact]
    public void The_estimate_rests_on_finished_runs_where_there_are_some_and_on_a_few_steps_elsewhere()
    {
        using var experiment = new TinyExperiment();
        var request = new ExperimentRequest(experiment.Request("out")) { Starts = ["scratch"], Seeds = 1 };
        var before = Experiment.Estimate(
            request,
            Experiment.Plan(request),
            _ => { },
            TestContext.Current.CancellationToken);
        Assert.Contains("a timing of 4 steps", before.Basis, StringComparison.Ordinal);
        Assert.True(before is { Plan.Runs.Count: 2, Done: 0, SecondsLeft: > 0 });
        Assert.False(Directory.Exists(experiment.Out("out")));
        Experiment.RunOne(request, 0, _ => { }, TestContext.Current.CancellationToken);
        Assert.True(
            Experiment.Estimate(request, Experiment.Plan(request), _ => { }, TestContext.Current.CancellationToken)
                is { Done: 1, Basis: "1 finished run" }
        );
    }

    private static StageSamples Samples(TinyExperiment experiment, ExperimentRun run)
    {
        var recipe = ExperimentPlanner.RecipeOf(experiment.Request("out"), run, ["first"]);
        return StageSamples.Read(recipe, recipe.Stages[0], experiment.Tiny.Data);
    }

    private static string[] Weights(string folder) =>
        Directory.GetFiles(folder, "*.safetensors", SearchOption.AllDirectories);
}

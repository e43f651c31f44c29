using System.Globalization;
using System.Text.Json.Nodes;
using Marrow.Datasets;
using Marrow.Hub;
using Marrow.Metrics;
using Marrow.Prediction;
using Marrow.Training.Experiments.Folds;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Tests.Experiments;

/// <summary>A cross-validation, carried out once for the tests that look at what it gave.</summary>
public sealed class FinishedFolds : IDisposable
{
    public FinishedFolds() => Result = TinyFolds.Run(Folds.Request("out"));

    internal TinyFolds Folds { get; } = new();
    internal CrossValidationResult Result { get; }

    internal string Predictions => File.ReadAllText(Folds.Out("out/predictions.csv"));

    public void Dispose() => Folds.Dispose();
}

public class CrossValidationTests(FinishedFolds finished) : IClassFixture<FinishedFolds>
{
    private static readonly string[] Results =
    [
        "predictions.csv", "experiment.json", "experiment.md", "experiment.html", "predicted.png", "agreement.png",
        "tilts.png",
    ];

    private TinyFolds Folds => finished.Folds;

    [Fact]
    public void Each_film_is_predicted_once_by_the_fold_that_held_out_its_patient()
    {
        var rows = Rows("out");
        Assert.Equal(TinyFolds.Films, rows.Count);
        Assert.Equal(TinyFolds.Films, rows.Select(row => row["file"]).Distinct().Count());
        Assert.All(rows.GroupBy(row => row["group"]), group => Assert.Single(group.Select(r => r["fold"]).Distinct()));
        var samples = DatasetCatalogue
            .Open(new() { Name = "spines", Format = "spineweb16", Root = Folds.Spines, Options = new() })
            .Samples;
        foreach (var fold in Fold.All(TinyFolds.Folds))
        {
            Assert.Equal(
                PatientSplit.Create(samples, fold, 3).HeldOut.Select(s => s.Id).Order(),
                rows.Where(row => row["fold"] == $"{fold.Number}").Select(row => row["file"]).Order());
        }
        Assert.All(Results, file => Assert.True(new FileInfo(Folds.Out($"out/{file}")).Length > 0, file));
    }

    [Fact]
    public void What_reads_no_film_of_the_folds_is_trained_once_and_stands_in_every_hub()
    {
        var shared = Assert.Single(new LocalHub(Folds.Out("out/shared/hub")).List());
        Assert.Equal("densenet-mini.pictures", shared.Name);
        foreach (var fold in Fold.All(TinyFolds.Folds))
        {
            var hub = new LocalHub(Folds.Out($"out/fold-{fold.Number}/hub"));
            Assert.Equal(
                ["cobb-densenet-mini.folds", "densenet-mini.pictures", "retinanet-densenet-mini.folds"],
                hub.List().Select(entry => entry.Name).Order());
            using var detector = hub.Resolve("retinanet-densenet-mini.folds");
            Assert.Equal(shared.Digest.ToString(), Assert.Single(detector.Parents.Checkpoints).Digest);
            Assert.Equal(fold, detector.Split!.Fold);
            Assert.Equal(fold, Assert.Single(detector.Parents.Datasets).Use!.Fold);
            Assert.False(Directory.Exists(Folds.Out($"out/fold-{fold.Number}/pictures")));
        }
    }

    [Fact]
    public void A_film_is_predicted_as_a_prediction_from_its_folds_hub_says()
    {
        foreach (var row in Rows("out").Where(row => row["fold"] == "2"))
        {
            using var predictor = PredictorSet.Open(new LocalHub(Folds.Out("out/fold-2/hub")));
            var (finding, _) = predictor.Predict(Path.Combine(Folds.Spines, row["file"]));
            Assert.Equal(NumberText.Of(finding.Confidence!.Value, "0.####"), row["confidence"]);
            Assert.Equal($"{finding.Status}", row["status"], ignoreCase: true);
        }
    }

    [Fact]
    public void Evaluating_a_folds_checkpoint_measures_its_own_fold_also_when_the_split_is_repeated()
    {
        var films = Rows("out").Where(row => row["fold"] == "3").Select(row => row["file"]).Order();
        using var detector = new LocalHub(Folds.Out("out/fold-3/hub")).Resolve("retinanet-densenet-mini.folds");
        var recorded = EvaluationSamples.Select(detector, "spines", Folds.Spines, EvaluationSplit.HeldOut);
        Assert.Equal(films, recorded.Samples.Select(s => s.Id).Order());
        Assert.Empty(recorded.Warnings);
    }

    [Fact]
    public void What_a_card_can_say_are_the_metrics_over_all_folds()
    {
        var errors = MarrowJson.Read<SpineErrors>(Folds.Out("out/calibration.json"), "errors", "none");
        var results = (IReadOnlyDictionary<string, IReadOnlyList<MetricValue>>)
            finished.Result.Outcome.Numbers["results"];
        Assert.All(results["landmarks"], metric => Same(metric, metric.Name));
        Same(results["expected"].First(m => m.Name == "smape"), "smape.expected");
        Assert.Equal(3, errors.Measured.Count(m => m.Metric.StartsWith("mae.cobb1.", StringComparison.Ordinal)));
        Assert.All(errors.Measured, m => Assert.Equal("out of 3 folds by patient (seed 3)", m.Split));
        Assert.All(errors.Measured, m => Assert.DoesNotContain(Folds.Spines, m.Command, StringComparison.Ordinal));
        Assert.Contains("--data spines=DIR --folds 3", errors.Measured[0].Command, StringComparison.Ordinal);

        void Same(MetricValue metric, string name)
        {
            var told = Assert.Single(errors.Measured, m => m.Metric == name);
            Assert.Equal((metric.Value, metric.Unit, metric.Count), (told.Value, told.Unit, told.Samples));
        }
    }

    [Fact]
    public void The_metrics_are_those_of_the_table()
    {
        var rows = Rows("out");
        var results = (IReadOnlyDictionary<string, IReadOnlyList<MetricValue>>)
            finished.Result.Outcome.Numbers["results"];
        foreach (var kind in (string[])["landmarks", "expected", "regressor", "fused"])
        {
            var expected = Angles.Measure(
                [.. rows.Select(row => Degrees(row, "true"))],
                [.. rows.Select(row => Degrees(row, kind))],
                [.. rows.Select(row => row["group"])]);
            foreach (var name in (string[])["smape", "mae.cobb1", "pearson"])
            {
                var (now, then) = (results[kind].First(m => m.Name == name), expected.First(m => m.Name == name));
                Assert.Equal(then.Value, now.Value, 1e-2);
                Assert.Equal(then.Low, now.Low, 1e-1);
            }
        }
        var tilts = rows.SelectMany(row => Tilts(row)).ToList();
        Assert.Equal(
            tilts.Average(Math.Abs), results["landmarks"].First(m => m.Name == "tilt-mae").Value, 1e-2);

        static double[] Degrees(Dictionary<string, string> row, string kind) =>
            [.. Enumerable.Range(1, 3).Select(a => Number(row[$"cobb{a}.{kind}"]))];

        static IEnumerable<double> Tilts(Dictionary<string, string> row) =>
            row.Keys.Where(key => key.StartsWith("tilt.", StringComparison.Ordinal))
                .Select(key => key.Split('.')[1])
                .Distinct()
                .Select(level => Number(row[$"tilt.{level}.predicted"]) - Number(row[$"tilt.{level}.true"]));
    }

    [Fact]
    public void One_that_is_stopped_and_resumed_ends_as_one_that_never_was()
    {
        for (var stops = 0; stops < 3; stops++)
        {
            using var stop = new CancellationTokenSource();
            var told = 0;
            Assert.Throws<OperationCanceledException>(() => TinyFolds.Run(
                Folds.Request("parts", resume: stops > 0),
                e =>
                {
                    if (e.Loss is not null && ++told == 2)
                        stop.Cancel();
                },
                stop.Token));
        }
        TinyFolds.Run(Folds.Request("parts", resume: true));
        Assert.Equal(finished.Predictions, File.ReadAllText(Folds.Out("parts/predictions.csv")));
        Assert.Equal(
            File.ReadAllText(Folds.Out("out/experiment.json")), File.ReadAllText(Folds.Out("parts/experiment.json")));
    }

    [Fact]
    public void One_look_is_measured_by_the_same_models_and_written_beside_all_looks()
    {
        var trained = 0;
        var result = TinyFolds.Run(
            Folds.Request("out", resume: true, fast: true), e => trained += e.Loss is null ? 0 : 1);
        Assert.Equal(0, trained);
        Assert.Equal(finished.Predictions, File.ReadAllText(Folds.Out("out/predictions.csv")));
        Assert.All(Results, file => Assert.True(File.Exists(Folds.Out($"out/one-look/{file}")), file));
        Assert.False(File.Exists(Folds.Out("out/one-look/calibration.json"))); // one look has no spread
        Assert.Contains("with one look", result.Outcome.Sentences[0], StringComparison.Ordinal);
        foreach (var row in Rows("out/one-look").Where(row => row["fold"] == "1"))
        {
            using var predictor = PredictorSet.Open(new LocalHub(Folds.Out("out/fold-1/hub")));
            predictor.Fast = predictor.Anyway = true;
            var found = predictor.Predict(Path.Combine(Folds.Spines, row["file"])).Finding;
            Assert.Equal(found.Spine().CobbDegrees[0], Number(row["cobb1.landmarks"]), 0.06);
        }
    }

    [Fact]
    public void Folds_that_were_trained_elsewhere_are_collected_from_their_hubs_alone()
    {
        foreach (var fold in Fold.All(TinyFolds.Folds))
        {
            if (fold.Number == 2)
                Runner.Run(
                    new()
                    {
                        Recipe = RecipeReader.Read(Folds.RecipePath, ["fold=2/3"]),
                        DataFolders = Folds.Request("").DataFolders,
                        OutFolder = Folds.Out("elsewhere"),
                        HubFolder = Folds.Out("collected/fold-2/hub"),
                        Resolve = Folds.Request("").Resolve,
                    },
                    _ => { },
                    TestContext.Current.CancellationToken);
            else
                Copy(Folds.Out($"out/fold-{fold.Number}/hub"), Folds.Out($"collected/fold-{fold.Number}/hub"));
        }
        var trained = 0;
        TinyFolds.Run(Folds.Request("collected", resume: true), e => trained += e.Loss is null ? 0 : 1);
        Assert.Equal(0, trained);
        Assert.False(Directory.Exists(Folds.Out("collected/shared")));
        // The run of fold 2 trained the pictures on another part of them, so its models are others.
        Assert.Equal(
            Rows("out").Where(row => row["fold"] != "2"), Rows("collected").Where(row => row["fold"] != "2"));
        Assert.Equal(Rows("out").Select(row => row["file"]), Rows("collected").Select(row => row["file"]));
    }

    [Fact]
    public void A_fold_whose_checkpoints_held_out_other_films_is_refused()
    {
        for (var fold = 1; fold <= TinyFolds.Folds; fold++)
            Copy(Folds.Out($"out/fold-{fold}/hub"), Folds.Out($"mixed/fold-{fold % TinyFolds.Folds + 1}/hub"));
        var error = Assert.Throws<MarrowException>(() => TinyFolds.Run(Folds.Request("mixed", resume: true)));
        Assert.Contains("films of fold 1/3", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Folds.Out("mixed/plan.json")));
    }

    [Fact]
    public void Another_task_is_told_as_the_mean_over_the_folds()
    {
        var request = Folds.Request("pictures-alone");
        var result = TinyFolds.Run(new()
        {
            Recipe = request.Recipe,
            Stages = ["pictures"],
            DataFolders = request.DataFolders,
            OutFolder = request.OutFolder,
            Folds = 3,
            Resolve = request.Resolve,
        });
        var auroc = Fold.All(3).Select(fold => JsonNode
            .Parse(File.ReadAllText(Folds.Out($"pictures-alone/fold-{fold.Number}/pictures/result.json")))!["metrics"]!
            .AsArray()
            .First(m => m!["name"]!.GetValue<string>() == "auroc")!["value"]!
            .GetValue<double>()).ToList();
        var spreads = (IEnumerable<TaskOutcome.Spread>)result.Outcome.Numbers["overFolds"];
        var spread = spreads.First(s => s.Name == "auroc");
        Assert.Equal(auroc.Average(), spread.Mean, 1e-6);
        Assert.Equal((auroc.Min(), auroc.Max(), 3), (spread.Least, spread.Most, spread.Folds));
        var rows = Rows("pictures-alone");
        Assert.Equal(24, rows.Count);
        Assert.All(rows, row => Assert.Equal("ok", row["status"]));
    }

    [Fact]
    public void Impossible_requests_are_refused_with_the_remedy()
    {
        Refused(Folds.Request("out"), "--resume");
        Refused(Folds.Request("new", overrides: "fold=1/3"), "names fold 1/3 itself");
        Refused(Folds.Request("out", resume: true, overrides: "seed=4"), "another recipe or other settings");
        Refused(
            new()
            {
                Recipe = Folds.Request("").Recipe,
                DataFolders = Folds.Request("").DataFolders,
                OutFolder = Folds.Out("new"),
                Folds = 40,
                Resolve = Folds.Request("").Resolve,
            },
            "40 patients or more");
        Refused(
            new()
            {
                Recipe = Folds.Request("").Recipe,
                Stages = ["pictures"],
                DataFolders = Folds.Request("").DataFolders,
                OutFolder = Folds.Out("new"),
                Folds = 3,
                Fast = true,
                Resolve = Folds.Request("").Resolve,
            },
            "Leave out --fast");
        Assert.False(Directory.Exists(Folds.Out("new")));
    }

    private static void Refused(CrossValidationRequest request, string expected) =>
        Assert.Contains(
            expected,
            Assert.Throws<MarrowException>(() => CrossValidation.Plan(request)).Message,
            StringComparison.Ordinal);

    private List<Dictionary<string, string>> Rows(string name)
    {
        string[][] lines =
            [.. File.ReadAllLines(Folds.Out($"{name}/predictions.csv")).Select(line => line.Split(','))];
        return [.. lines.Skip(1).Select(row => lines[0].Zip(row).ToDictionary(c => c.First, c => c.Second))];
    }

    private static double Number(string cell) => double.Parse(cell, CultureInfo.InvariantCulture);

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}

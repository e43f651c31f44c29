using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Checkpoints.Transfer;
using Marrow.Datasets;
using Marrow.Findings;
using Marrow.Imaging;
using Marrow.Metrics;
using Marrow.Reports;
using Marrow.Training.Recipes;
using Marrow.Training.Runs;

namespace Marrow.Training.Demo;

/// <summary>
/// The demo's page: the sentence, the table, learning curves, overlays, lineage, receipts, and the commands to go on
/// with.
/// </summary>
internal static class DemoReport
{
    private const int OverlayFilms = 5; // one row of the page

    public static void Write(DemoResult result, Recipe recipe, HeldOutFilms films, DemoRequest request)
    {
        var stages = result.Stages.ToDictionary(s => s.Stage);
        var page = new HtmlReport("What is a checkpoint worth?", $"marrow demo, seed {result.Seed}: the recipe on "
            + $"synthetic radiographs, and each warm start beside its control")
            .Callout(result.Sentence);
        Figures(page, result);
        Table(page, result);
        Curves(page, stages);
        Overlays(page, films);
        Lineage(page, result, request);
        Receipts(page, result);
        page.Section("Go on")
            .Text("Predict any of the held-out films, or your own, with the checkpoints of this run:")
            .Code($"marrow predict {result.Folder}/data/spines/data/training --hub {result.Folder}/hub --checkpoint "
                + $"retinanet-densenet-mini.phantoms --checkpoint cobb-densenet-mini.phantoms")
            .Text("The recipe of this run. Copy it, point it at radiographs of your own, and run it with marrow run:")
            .Code(recipe.SourceText);
        page.Save(result.Page);
    }

    private static void Figures(HtmlReport page, DemoResult result)
    {
        var detector = result.Comparisons[0];
        var time = TimeSpan.FromSeconds(result.Seconds);
        page.Figures(
        [
            (time.ToString(@"m\:ss", CultureInfo.InvariantCulture), "minutes", "everything, on this machine"),
            ($"{NumberText.Of(result.PeakMemoryGiB, "0.0")} GiB", "memory", "the most at any time"),
            (
                NumberText.Whole(detector.Warm.TrainingImages),
                "labelled spine films",
                $"{detector.Warm.ValidationImages} more chose the best weights"),
            (NumberText.Whole(detector.Warm.HeldOutImages), "held-out spine films", "never trained on or chosen by"),
        ]);
    }

    private static void Table(HtmlReport page, DemoResult result)
    {
        var trainings = DemoTable.Of(result);
        page.Section("Warm start against scratch")
            .Table(trainings.Headers, trainings.Rows, "On the held-out films; in brackets the 95 % bootstrap "
                + "interval over films.");
        var rows = new List<IReadOnlyList<string>>();
        foreach (var c in result.Comparisons)
        {
            rows.Add([c.Model, "SMAPE", DemoTable.Value(c.SmapeGain, signed: true, "points"), Verdict(c.SmapeGain)]);
            if (c.LandmarkGain is { } landmarks)
                rows.Add([
                    c.Model,
                    "landmark error",
                    DemoTable.Value(landmarks, signed: true, "px"),
                    Verdict(landmarks),
                ]);
        }
        page.Table(["model", "metric", "scratch − warm", "verdict"], rows, "The difference film by film, with its "
            + "interval; above 0 the warm start is better.")
            .Text("The intervals say how far other films of this kind could move the figures. They do not cover the "
                + "draw of the weights and of the few labels: another --seed shows that.")
            .Text("Both models of a pair had the same films, the same steps of the same optimizer, and the same way "
                + "of choosing the best weights.");
    }

    private static void Curves(HtmlReport page, Dictionary<string, StageResult> stages)
    {
        page.Section("Learning curves").Text("On the films that choose the best weights, while training.");
        Plot("The chest checkpoint learns", "AUROC", "auroc", ("densenet-mini", "features"));
        Plot(
            "Detector: corners",
            "landmark error (px)",
            "landmark-error",
            ("warm-started", "landmarks"),
            ("from scratch", "landmarks-scratch"));
        Plot(
            "Detector: angles",
            "SMAPE (%)",
            "smape",
            ("warm-started", "landmarks"),
            ("from scratch", "landmarks-scratch"));
        Plot("Regressor: angles", "SMAPE (%)", "smape", ("warm-started", "cobb"), ("from scratch", "cobb-scratch"));

        void Plot(string title, string yLabel, string metric, params (string Name, string Stage)[] lines)
        {
            var curves = lines
                .Select(l =>
                {
                    var history = stages[l.Stage].Progress.History;
                    return new Curve(
                        l.Name,
                        [.. history.Select(h => (double)h.Step)],
                        [.. history.Select(h => h.Metrics.GetValueOrDefault(metric, double.NaN))]);
                })
                .ToList();
            var last = string.Join("; ", curves.Where(c => c.Y.Count > 0).Select(c => $"{c.Name} ends at "
                + $"{NumberText.Of(c.Y[^1], "0.00")}"));
            page.Plot(dark => Plots.LearningCurves(title, "step", yLabel, curves, dark), $"{title}: {yLabel} by step; "
                + $"{last}.");
        }
    }

    private static void Overlays(HtmlReport page, HeldOutFilms films)
    {
        var order = Enumerable.Range(0, films.Samples.Count)
            .OrderBy(i => HeldOutFilms.LandmarkError(films.Samples[i], films.Findings("landmarks")[i])).ToList();
        var shown = Enumerable
            .Range(0, OverlayFilms)
            .Select(i => order[i * (order.Count - 1) / (OverlayFilms - 1)])
            .Distinct()
            .ToList();
        page.Section("Held-out films")
            .Text("From the warm-started detector's best film to its worst, at even steps between; below each what "
                + "the detector from scratch finds on the same film. Dotted yellow: the labels.");
        foreach (
            var (stage, start) in (ReadOnlySpan<(string, string)>)
                [("landmarks", "warm-started"), ("landmarks-scratch", "from scratch")])
            page.Pictures([.. shown.Select(film => Overlay(films.Samples[film], films.Findings(stage)[film], start))]);
    }

    private static (byte[] Png, string Caption) Overlay(Sample sample, Finding finding, string caption)
    {
        var radiograph = RadiographReader.Read(sample.ImagePath);
        var png = OverlayRenderer.Render(radiograph, finding, new SpineTruth(sample.Vertebrae, sample.CobbDegrees));
        var curves = finding.Part<SpinePart>()?.Curves.Select(c => $", {c.RegionName} {NumberText.Degrees(c.Degrees)}");
        var error = NumberText.Of(HeldOutFilms.LandmarkError(sample, finding), "0.0");
        return (png, $"{caption}: {error} px off{string.Concat(curves ?? [])}");
    }

    private static void Lineage(HtmlReport page, DemoResult result, DemoRequest request)
    {
        page.Section("Lineage");
        var nodes = new List<LineageNode>
        {
            new(
                "chests",
                LineageKind.Dataset,
                "phantom chests",
                [$"{request.Chests} radiographs, 14 findings", "CC0-1.0"]),
            new(
                "spines",
                LineageKind.Dataset,
                "phantom spines",
                [$"{request.Spines} radiographs, 17 vertebrae", "CC0-1.0"]),
        };
        var edges = new List<LineageEdge>();
        foreach (var stage in result.Stages)
        {
            var checkpoint = Digest.ShortenReference(stage.Checkpoint).Split('@');
            nodes.Add(
                new(stage.Stage, LineageKind.Checkpoint, stage.Stage, [checkpoint[0], MainMetric(stage), checkpoint[1]])
            );
            edges.Add(new(HeldOutFilms.IsOfSpines(stage) ? "spines" : "chests", stage.Stage));
            if (
                result.Stages.FirstOrDefault(s =>
                    stage.Receipt is not null
                    && s.Checkpoint.EndsWith(stage.Receipt.SourceDigest, StringComparison.Ordinal)
                ) is
                { } parent)
                edges.Add(
                    new(
                        parent.Stage,
                        stage.Stage,
                        $"CNN {NumberText.Of(stage.Receipt!.BackboneCoverage * 100, "0.#")} %"));
        }
        page.Lineage(nodes, edges);
    }

    private static string MainMetric(StageResult stage) =>
        stage.Metrics.FirstOrDefault(m => m.Name is "auroc" or "smape") is { } metric
            ? $"{(metric.Name == "auroc" ? "AUROC" : "SMAPE")} "
                + NumberText.Of(metric.Value, metric.Name == "auroc" ? "0.000" : "0.0")
                + $"{(metric.Unit.Length > 0 ? " " + metric.Unit : "")}, {stage.HeldOutImages} held out"
            : "";

    private static void Receipts(HtmlReport page, DemoResult result)
    {
        page.Section("Transfer receipts")
            .Text("What became of every tensor of a warm-started model. The whole receipt is stored with its "
                + "checkpoint.");
        foreach (var receipt in result.Comparisons.Select(c => c.Warm.Receipt).OfType<TransferReceipt>())
        {
            var table = TransferTable.Of(
                receipt,
                $"{receipt.TargetArchitecture} from {receipt.Source}{Proof(receipt.Probe)}");
            page.Table(table.Headers, table.Rows, table.Title);
        }
    }

    private static string Proof(TransferProbe? probe) => probe switch
    {
        null => "",
        { BitIdentical: true } => $"; {probe.Activations.ToString("N0", CultureInfo.InvariantCulture)} activations of "
            + $"both CNNs compared, equal bit for bit",
        _ => $"; {probe.Activations.ToString("N0", CultureInfo.InvariantCulture)} activations of both CNNs compared, "
            + $"largest difference {NumberText.Of(probe.MaxAbsDifference, "0.0e0")}",
    };

    private static string Verdict(MetricValue gain) => DemoSentence.Verdict(gain) switch
    {
        DemoVerdict.Better => "the warm start is better",
        DemoVerdict.Worse => "the warm start is worse",
        _ => "no difference shown",
    };
}

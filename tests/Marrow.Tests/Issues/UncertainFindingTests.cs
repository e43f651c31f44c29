using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Reports;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Training.Ranking;
using Marrow.Training.Runs;
using static Marrow.Tests.SmallDataSets;

namespace Marrow.Tests.Issues;

/// <summary>
/// An uncertain finding is no negative: read as a class of its own, it is left out of counts and metrics.
/// </summary>
public sealed class UncertainFindingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static readonly DatasetOptions MultiClass = new()
    {
        Kind = "findings",
        LabelColumns = ["edema", "fracture"],
        Uncertain = new Dictionary<string, string> { ["edema"] = "multi-class" },
    };

    private DatasetRequest Write(params string[] cells)
    {
        for (var i = 0; i < cells.Length; i++)
            WriteImage(_folder[$"{i}.png"], i, 40, 40);
        WriteText(
            _folder["labels.csv"],
            ["path,edema,fracture", .. cells.Select((cell, i) => $"{i}.png,{cell},{i % 2}")]);
        return Request("csv", _folder.Path, MultiClass);
    }

    [Fact]
    public void A_check_counts_uncertain_findings_apart_and_lists_findings_alone()
    {
        var report = DataCheck.Run(Write("1", "0", "-1", "-1", "", "1"));
        Assert.Equal(["edema", "fracture"], report.Classes.Keys);
        Assert.Equal(new ClassCount(2, 1, 1) { Uncertain = 2 }, report.Classes["edema"]);
        Assert.Equal(new ClassCount(3, 3, 0), report.Classes["fracture"]);
    }

    [Fact]
    public void Metrics_leave_uncertain_findings_out()
    {
        var dataset = DatasetCatalogue.Open(Write("1", "0", "1", "0", "1", "0", "-1", "-1", "-1"));
        var input = new InputContract { Width = 32, Height = 32 };
        var spec = new ModelSpec { Architecture = "densenet-mini", Outputs = dataset.Classes.Count };
        using var task = new ClassifyTask((Classifier)ModelCatalogue.Create(spec), spec, input, dataset.Layout);
        task.Model.eval();

        var all = Measure(dataset.Samples);
        var certain = Measure([.. dataset.Samples.Take(6)]);
        foreach (
            var name in (string[])
                ["auroc.edema", "accuracy.edema", "kappa.edema", "sensitivity.edema", "specificity.edema"])
            Assert.Equal((certain[name].Value, 6), (all[name].Value, all[name].Count));
        Assert.Equal(9, all["auroc.fracture"].Count);

        Dictionary<string, MetricValue> Measure(IReadOnlyList<Sample> samples)
        {
            using var cache = PackedCache.Open(samples, input, _folder["cache"]);
            using var loader = new BatchLoader(samples, cache, input, null, 3, 0, shuffle: false, dropLast: false);
            return task.Measure(loader, Compute.Float32, new() { Resamples = 10 }).ToDictionary(m => m.Name);
        }
    }

    [Fact]
    public void Uncertain_findings_are_still_a_class_to_learn()
    {
        var dataset = DatasetCatalogue.Open(Write("1", "0", "-1"));
        Assert.Equal(["edema", "fracture", "edema:negative", "edema:uncertain"], dataset.Classes);
        Assert.Equal([0f, 0f, 0f, 1f], dataset.Samples[2].Labels);
        Assert.Equal([1f, 0f, float.NaN], dataset.Samples.Select(s => dataset.Layout.Truth(s.Labels, 0)));
    }

    [Fact]
    public void A_subset_of_uncertain_findings_lacks_negatives()
    {
        var dataset = DatasetCatalogue.Open(Write("1", "-1", "1", "-1", "1", "0"));
        var seed = Enumerable
            .Range(0, 1000)
            .Select(s => (ulong)s)
            .First(s => !LabelSubset.Order(dataset.Samples, s).Take(4).Contains("5.png"));
        var error = Assert.Throws<MarrowException>(() =>
            LabelSubset.Take(
                dataset,
                dataset.Samples,
                new()
                {
                    Name = "test",
                    Format = "csv",
                    Limit = 4,
                },
                seed));
        Assert.Contains("none without edema", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ranking_has_no_negatives_among_uncertain_findings()
    {
        var dataset = DatasetCatalogue.Open(Write("1", "-1", "1", "-1", "1", "-1"));
        Assert.Equal(["edema"], new ProbeTask(CheckpointTask.Classify, dataset, dataset.Samples, 2, 1).Unusable);
    }

    [Fact]
    public void A_contact_sheet_says_uncertain_and_names_no_negatives()
    {
        var dataset = DatasetCatalogue.Open(Write("1", "0", "-1", ""));
        Assert.Equal(["edema", "fracture", "edema uncertain", "fracture"],
            dataset.Samples.Select(s =>
                ContactSheetItem.Of(s, dataset, () => throw new InvalidOperationException()).Detail));
    }
}

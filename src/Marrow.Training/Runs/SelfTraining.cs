using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Tasks;
using Marrow.Tasks.Classify;
using Marrow.Training.Recipes;

namespace Marrow.Training.Runs;

/// <summary>
/// U-SelfTrained (Irvin et al., "CheXpert", AAAI 2019, section 3.1): a first model, trained with uncertain labels
/// ignored, gives the probability of each, and a second model learns from those. Labels that are 0 or 1 are left alone.
/// As in the paper, the first model predicts images that it was trained on. Only training images get soft labels: what
/// chooses and what measures knows nothing of them. The probabilities are a CSV in the stage's folder, read by the same
/// reader as any file of soft labels.
/// </summary>
internal static class SelfTraining
{
    private const string FileName = "soft-labels.csv";
    private const int BatchSize = 16;

    /// <summary>
    /// Returns the same data with soft labels for the uncertain cells of its training part. They are computed once in a
    /// run.
    /// </summary>
    public static StageSamples Apply(StageSamples data, Checkpoint first, StageContext context)
    {
        var (dataset, stage) = (data.Dataset, context.Stage);
        var path = context.File(FileName);
        string[] findings =
        [
            .. dataset.Classes.Except(
                dataset.ThreeClassFindings.SelectMany(f =>
                    (string[])[dataset.Classes[f.Negative], dataset.Classes[f.Uncertain]])),
        ];
        RequireFindings(first, findings, stage);
        // With uncertain labels ignored, what is unknown is uncertain or blank; the reader tells them apart.
        var unsure = data.Training.Where(s => s.Labels.Any(float.IsNaN)).ToList();
        if (unsure.Count == 0)
        {
            context.Say($"no label of the training part is uncertain: {first.Name} is not asked");
            return data;
        }
        // Of a stage that begins now, a file that is there may be another checkpoint's.
        if (context.Began is null || !File.Exists(path))
        {
            context.Say(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{first.Name} predicts {unsure.Count} images with uncertain labels"));
            Write(
                path,
                findings,
                unsure,
                Predict(first, findings, unsure, context.Request.DeviceChoice, context.Cancellation));
        }
        var softened = DatasetCatalogue
            .Open(
                new()
                {
                    Name = dataset.Name,
                    Format = dataset.Format,
                    Root = dataset.Root,
                    Options = stage.Data.Options with
                    {
                        SoftLabels = Path.GetFullPath(path),
                        NamedByUser = ["softLabels"],
                    }, // of the run's own folder
                }
            )
            .Samples.ToDictionary(s => s.Id, StringComparer.Ordinal);
        List<Sample> training = [.. data.Training.Select(s => s with { Labels = softened[s.Id].Labels })];
        Tell(data.Training, training, first, context.Say);
        return data with { Training = training };
    }

    private static void RequireFindings(Checkpoint first, string[] findings, Stage stage)
    {
        if (first.WeightsOnly || TaskCatalogue.Find(first.Config.Task) is not { HasUncertainLabels: true })
            throw MarrowException.Bad(
                $"{stage.Name}: softLabelsFrom",
                "a checkpoint that classifies",
                first.WeightsOnly ? "weights alone" : $"{first.Name}, which is for {first.Config.Task}",
                "Name a stage or checkpoint that was trained on these findings.");
        var missing = findings.Except(first.Config.Classes).ToList();
        if (missing.Count > 0)
            throw MarrowException.Bad(
                $"{stage.Name}: softLabelsFrom",
                $"a checkpoint that knows {string.Join(", ", findings)}",
                $"{first.Name} without {string.Join(", ", missing)}",
                "Name a stage or checkpoint that was trained on these findings.");
    }

    /// <summary>Predicts the probabilities, [samples][findings].</summary>
    private static List<float[]> Predict(
        Checkpoint first,
        string[] findings,
        IReadOnlyList<Sample> samples,
        DeviceChoice device,
        CancellationToken cancellation)
    {
        using var task = (ClassifyTask)first.BuildTask();
        task.Model.eval();
        var compute = Compute.Choose(device: device);
        compute.ArrangeForInference(task.Model);
        int[] columns = [.. findings.Select(f => first.Config.Classes.ToList().IndexOf(f))];
        using var cache = PackedCache.Open(samples, task.Input, cacheFolder: null, cancellation: cancellation);
        using var loader = new BatchLoader(
            samples,
            cache,
            task.Input,
            null,
            BatchSize,
            0,
            shuffle: false,
            dropLast: false)
        {
            Cancellation = cancellation,
        };
        var rows = new List<float[]>();
        TaskModel.ForEachBatch(loader, compute, (images, _) =>
        {
            cancellation.ThrowIfCancellationRequested();
            rows.AddRange(task.Probabilities(images, compute).Select(row => columns.Select(c => row[c]).ToArray()));
        });
        return rows;
    }

    private static void Write(string path, IEnumerable<string> findings, List<Sample> samples, List<float[]> rows) =>
        AtomicFile.WriteText(
            path,
            CsvTable.Text(
                findings.Prepend(CsvFolder.FileColumns[0]),
                samples.Zip(rows, (sample, row) =>
                    row.Select(p => p.ToString("0.######", CultureInfo.InvariantCulture)).Prepend(sample.Id))));

    private static void Tell(
        IEnumerable<Sample> before,
        IEnumerable<Sample> after,
        Checkpoint first,
        Action<string> say)
    {
        var soft = before.Zip(after).SelectMany(pair => pair.First.Labels.Zip(pair.Second.Labels))
            .Where(cell => float.IsNaN(cell.First) && !float.IsNaN(cell.Second)).Select(cell => cell.Second).ToList();
        say(
            soft.Count == 0
                ? $"no label that is self-trained was uncertain: {first.Name} changed none"
                : string.Create(
                    CultureInfo.InvariantCulture,
                    $"{soft.Count} uncertain labels are now the probabilities of {first.Name}, {soft.Average():0.00} "
                        + $"on average"
                ));
    }
}

using System.Globalization;
using Marrow.Checkpoints;
using Marrow.Datasets;
using Marrow.Imaging;
using Marrow.Tensors;

namespace Marrow.Training;

/// <summary>
/// The parts of one stage's data: the training part, a validation part taken from it that chooses the best weights, and
/// the held-out part, which nothing is chosen by. No patient is in two of them.
/// </summary>
internal sealed class PreparedData : IDisposable
{
    private PreparedData(Dataset dataset, PatientSplit split, IReadOnlyList<Sample> training, IReadOnlyList<Sample> validation, PackedCache cache) =>
        (Dataset, Split, Training, Validation, Cache) = (dataset, split, training, validation, cache);

    public Dataset Dataset { get; }
    public PatientSplit Split { get; }
    public IReadOnlyList<Sample> Training { get; }
    public IReadOnlyList<Sample> Validation { get; }
    public IReadOnlyList<Sample> HeldOut => Split.HeldOut;
    public PackedCache Cache { get; }

    public static PreparedData Open(Recipe recipe, Stage stage, string root, InputContract input, Action<string> say, CancellationToken cancellation)
    {
        var dataset = DatasetCatalogue.Open(new() { Name = stage.Data.Name, Format = stage.Data.Format, Root = root, Options = stage.Data.Options });
        var labelled = dataset.Samples.Where(sample => IsLabelled(sample, stage.Task)).ToList();
        if (labelled.Count == 0)
            throw MarrowException.Bad(root, $"samples with targets for {stage.Task}", $"none among {dataset.Samples.Count}", "Check data.format and its options.");
        var split = PatientSplit.Create(labelled, stage.Data.HeldOut, recipe.Seed);
        var forTraining = PatientSplit.Create(split.Train, stage.Data.Validation, recipe.Seed + 1);
        var training = Limit(forTraining.Train, stage.Data.Limit, recipe.Seed + 2);
        say(string.Create(CultureInfo.InvariantCulture,
            $"{stage.Data.Name}: {training.Count} images to train on, {forTraining.HeldOut.Count} to choose by, {split.HeldOut.Count} held out, by patient"));
        var cache = PackedCache.Open([.. training, .. forTraining.HeldOut, .. split.HeldOut], input, cacheFolder: null,
            cancellation: cancellation);
        return new(dataset, split, training, forTraining.HeldOut, cache);
    }

    public void Dispose() => Cache.Dispose();

    public static bool IsLabelled(Sample sample, string task) => task switch
    {
        CheckpointTask.DetectVertebrae => sample.Vertebrae.Count > 0,
        CheckpointTask.RegressCobb => sample.CobbDegrees.Count > 0,
        _ => sample.Labels.Count > 0,
    };

    /// <summary>The samples of so many patients; nested: those of a smaller limit are among those of a larger one.</summary>
    private static IReadOnlyList<Sample> Limit(IReadOnlyList<Sample> samples, int patients, ulong seed)
    {
        if (patients == 0)
            return samples;
        var order = samples.Select(s => s.Patient).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        new SeededRandom(seed).Shuffle(order.AsSpan());
        var chosen = order.Take(patients).ToHashSet(StringComparer.Ordinal);
        return [.. samples.Where(s => chosen.Contains(s.Patient))];
    }
}

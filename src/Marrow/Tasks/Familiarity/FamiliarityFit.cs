using Marrow.Computing;
using Marrow.Datasets;
using Marrow.Inputs;
using Marrow.Metrics;
using Marrow.Tasks.Crops;

namespace Marrow.Tasks.Familiarity;

/// <summary>
/// Learns from images which ones are familiar to a model: the mean and the spread of the sketches of its training
/// images, and from images that it was not trained on, whose sketches lie farther off, how far is too far.
/// </summary>
internal static class FamiliarityFit
{
    /// <summary>Of the images that the spread is measured on. More hardly change it.</summary>
    public const int MostImages = 2000;

    /// <summary>
    /// The fewest training images, and the fewest images that were not trained on and their patients, from which it is
    /// learnt. Few patients set a wide bound.
    /// </summary>
    public const int LeastKnown = 32, LeastUnseen = 8, LeastPatients = 4;

    /// <summary>The share of known images that may be refused, unless something else is asked for.</summary>
    public const double UsualRate = 0.01;

    private const double LeastRate = 1e-6; // beyond, no distance of so few images tells

    // Of the levels 1 to 5, bands 1, 2 and 4, and 32 and 64 numbers in all, the shipped detector and classifier told
    // other images best with these (bench refusals). Signs of any seed serve; this one is fixed.
    internal static readonly ImageSketch Sketch = new(FirstLevel: 2, Bands: 4, NumbersPerLevel: 16, Seed: 1);

    /// <summary>Returns evenly spread samples, as many as count at most.</summary>
    public static IReadOnlyList<Sample> Spread(IReadOnlyList<Sample> samples) => EvenSpread.Of(samples, MostImages);

    /// <summary>True when there are images enough to learn from.</summary>
    public static bool Suffice(IReadOnlyCollection<Sample> known, IReadOnlyCollection<Sample> unseen) =>
        known.Count >= LeastKnown && unseen.Count >= LeastUnseen && PatientSplit.CountPatients(unseen) >= LeastPatients;

    /// <summary>True when models of a task make findings that can be refused by it.</summary>
    public static bool Serves(TaskModel task) =>
        TaskCatalogue.Find(task.Name) is { RefusesUnfamiliar: true }
        && (task.Input.Crop is not { } crop || CropKind.Of(crop.Region).StandsForImage);

    /// <summary>
    /// Looks at all images, without gradients, and lets the task know what it learnt from them. The model is in
    /// evaluation mode.
    /// </summary>
    /// <param name="known">Training images without augmentation.</param>
    /// <param name="unseen">Images like those that the model was not trained on.</param>
    /// <param name="rate">The share of images like those that may be refused, 0 to 0.5, both excluded.</param>
    public static void Learn(
        TaskModel task,
        IReadOnlyList<BatchLoader> known,
        IReadOnlyList<BatchLoader> unseen,
        double rate,
        Compute compute)
    {
        task.Familiarity = Of(
            [.. Sketches(task, known, compute).Select(s => s.Sketch)], Sketches(task, unseen, compute), rate);
        task.ChooseRefusals(unseen, compute);
    }

    /// <param name="unseen">The sketches of images of two or more patients, each with its patient.</param>
    internal static FamiliarityContract Of(
        IReadOnlyList<double[]> known, IReadOnlyList<(string Patient, double[] Sketch)> unseen, double rate)
    {
        double[] mean = [.. Enumerable.Range(0, Sketch.Length).Select(i => Stored(known.Average(row => row[i])))];
        double[] spread = [.. SpreadMatrix.Of(known, mean).Select(Stored)];
        return new()
        {
            FirstLevel = Sketch.FirstLevel,
            Bands = Sketch.Bands,
            NumbersPerLevel = Sketch.NumbersPerLevel,
            Seed = Sketch.Seed,
            Images = known.Count,
            Mean = mean,
            Spread = spread,
            MostDistance = Bound(unseen.Select(u => (u.Patient, SpreadMatrix.Distance(u.Sketch, mean, spread))), rate),
            Rate = rate,
            RateImages = unseen.Count,
        };
    }

    /// <summary>
    /// Returns the distance that an image of one more patient exceeds with the probability <paramref name="rate"/>: the
    /// logarithms of distances are about normal.
    /// </summary>
    private static double Bound(IEnumerable<(string Patient, double Distance)> unseen, double rate) =>
        Math.Exp(StudentT.Farthest(unseen.Select(u => (u.Patient, Math.Log(u.Distance))), Math.Max(rate, LeastRate)));

    /// <summary>Returns a number as a checkpoint keeps it, so that what is said of an image stays the same.</summary>
    private static double Stored(double value) => (float)value;

    private static List<(string Patient, double[] Sketch)> Sketches(
        TaskModel task, IReadOnlyList<BatchLoader> loaders, Compute compute)
    {
        var sketches = new List<(string, double[])>();
        foreach (var loader in loaders)
            TaskModel.ForEachBatch(loader, compute, (images, batch) => sketches.AddRange(
                batch.Samples.Select(s => s.Sample.Patient).Zip(Sketch.Of(task, images, compute))));
        return sketches;
    }
}
